using Orleans.Concurrency;

namespace Lockstep.Grains;

/// <inheritdoc cref="IReachableGrain"/>
[StatelessWorker, KeepAlive]
internal sealed class ReachableGrain : Grain, IReachableGrain
{
    public Task PingAsync() => Task.CompletedTask;
}
