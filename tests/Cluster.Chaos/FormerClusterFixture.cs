namespace Lockstep.Cluster.Chaos;

/// <summary>A cluster that begins as one of 0.1.0.</summary>
public sealed class FormerClusterFixture : ClusterFixture
{
    protected override string? Program => RunSettings.FormerProgram;

    protected override bool IsNeeded => Program is not null;
}
