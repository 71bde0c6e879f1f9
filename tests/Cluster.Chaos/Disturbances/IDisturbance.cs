using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>Something that goes wrong, or is done to the cluster, while it is used.</summary>
internal interface IDisturbance
{
    /// <summary>Null when it can be done on this machine; else why not.</summary>
    string? CannotBeDone(ClusterProcesses cluster) => null;

    /// <summary>Does it, and returns when what was broken is whole again and all members are ready.</summary>
    /// <param name="cluster">The cluster, with all members ready.</param>
    /// <param name="random">Decides what is left open, so that a seed repeats it.</param>
    Task RunAsync(ClusterProcesses cluster, Random random);
}
