namespace Lockstep.Cluster.Chaos;

/// <summary>What not every machine has.</summary>
public enum Need
{
    /// <summary>Root and iproute2.</summary>
    NetworkNamespaces,

    /// <summary>libfaketime.</summary>
    FakeClock,

    /// <summary>nginx.</summary>
    LoadBalancer,

    /// <summary>A build of 0.1.0: <c>LOCKSTEP_CHAOS_FORMER=$(tests/former)</c>.</summary>
    FormerBuild,

    /// <summary>To be asked for: <c>tests/chaos</c>.</summary>
    LongRun,

    /// <summary>To be asked for: <c>tests/chaos --recovery</c>.</summary>
    RecoveryRun,
}
