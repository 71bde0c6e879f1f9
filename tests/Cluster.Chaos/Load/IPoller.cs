namespace Lockstep.Cluster.Chaos.Load;

/// <summary>A device that follows one list.</summary>
internal interface IPoller
{
    /// <summary>Who it is, for people.</summary>
    string Name { get; }

    /// <summary>Questions that were answered.</summary>
    int Polls { get; }

    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>At the end: what the device has, and what its writers were told, against what is stored.</summary>
    Task CheckStoredAsync(CancellationToken deadline);
}
