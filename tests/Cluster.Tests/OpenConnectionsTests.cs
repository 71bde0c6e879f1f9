using Lockstep.Gateway.Http;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Cluster.Tests;

/// <summary>A server that is alone stops at once when nobody is connected, and after its drain time when somebody stays.</summary>
public sealed class OpenConnectionsTests : IDisposable
{
    private readonly FakeTime time = new();
    private readonly Drain drain;
    private readonly OpenConnections connections;

    public OpenConnectionsTests()
    {
        drain = new Drain(new HttpOptions { DrainTime = TimeSpan.FromSeconds(10) }, time);
        connections = new OpenConnections(drain);
    }

    public void Dispose() => drain.Dispose();

    [Fact]
    public async Task Stop_WithoutConnections_EndsAtOnce()
    {
        await OpenAsync(Task.CompletedTask);

        connections.OnStopping();

        await Task.Run(drain.Run).WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Stop_WithAConnection_EndsWhenThatDoes()
    {
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var open = (OpenAsync(first.Task), OpenAsync(second.Task));
        connections.OnStopping();
        var run = Task.Run(drain.Run);
        await time.Timers.ReachesAsync(1);

        first.SetResult();
        await open.Item1;
        Assert.False(drain.Over.IsCancellationRequested);
        second.SetResult();

        await open.Item2;
        await run.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Stop_WithAConnectionThatStays_EndsAfterTheDrainTime()
    {
        var stays = OpenAsync(new TaskCompletionSource().Task);
        connections.OnStopping();
        var run = Task.Run(drain.Run);
        await time.Timers.ReachesAsync(1);
        Assert.False(drain.Over.IsCancellationRequested);

        time.Advance(TimeSpan.FromSeconds(10));

        await run.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.False(stays.IsCompleted);
    }

    private Task OpenAsync(Task ended) => connections.Count(_ => ended)(new DefaultConnectionContext());
}
