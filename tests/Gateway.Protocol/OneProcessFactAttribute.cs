namespace Lockstep.Gateway.Protocol;

/// <summary>A test that needs HTTP and owners in one process, left out where these tests run through a gateway and silos.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OneProcessFactAttribute : FactAttribute
{
    public OneProcessFactAttribute(string reason)
    {
        Reason = reason;
#if CLUSTER
        Skip = reason;
#endif
    }

    /// <summary>Why it makes no sense in a cluster.</summary>
    public string Reason { get; }
}
