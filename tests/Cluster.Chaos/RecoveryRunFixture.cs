namespace Lockstep.Cluster.Chaos;

/// <summary>The cluster whose recovery is measured, where that was asked for.</summary>
public sealed class RecoveryRunFixture : ClusterFixture
{
    protected override bool IsNeeded => RunSettings.RecoveryRounds is not null;
}
