namespace Lockstep.Silo.Cluster;

/// <summary>Whether this process has joined the cluster. HTTP is there before; requests that need an owner wait for it.</summary>
internal sealed class Joined
{
    private readonly TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it has.</summary>
    public Task Task => joined.Task;

    public void Set() => joined.TrySetResult();
}
