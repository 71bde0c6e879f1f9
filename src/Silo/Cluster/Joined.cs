namespace Lockstep.Silo.Cluster;

/// <summary>Whether this process has joined the cluster. HTTP is served before that; requests that need an owner wait.</summary>
internal sealed class Joined
{
    private readonly TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it has joined.</summary>
    public Task Task => joined.Task;

    public void Set() => joined.TrySetResult();
}
