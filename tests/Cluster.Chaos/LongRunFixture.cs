namespace Lockstep.Cluster.Chaos;

/// <summary>The cluster of the long form, where that was asked for.</summary>
public sealed class LongRunFixture : ClusterFixture
{
    protected override bool IsNeeded => RunSettings.Minutes is not null;
}
