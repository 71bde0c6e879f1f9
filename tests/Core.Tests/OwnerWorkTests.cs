using Lockstep.Core.Owner;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Work that keeps a processor busy: where it runs, and what it holds meanwhile.</summary>
public sealed class OwnerWorkTests
{
    private const string Alice = "account:alice";

    private readonly FakeTime time = new();

    [Fact]
    public async Task Work_RunsOnAThreadOfItsOwn_WithItsRoom_AndGivesBoth_AlsoWhereItFails()
    {
        var work = new OwnerWork(new BucketOptions { MaxWorkBytes = 1_000 }, time);

        var (hasRun, held) = await work.RunAsync(Alice, () => (Thread.CurrentThread.IsThreadPoolThread, work.Memory.Bytes), static () => 100, 0, default);
        Assert.True(hasRun);
        Assert.Equal((false, 100L), held);
        for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => work.RunAsync<int>(Alice, static () => throw new InvalidDataException(), static () => 100, 0, default).AsTask());
        }

        Assert.Equal(0, work.Memory.Bytes);
        Assert.True((await work.RunAsync(Alice, static () => 1, weigh: null, 0, default)).HasRun);
    }

    [Fact]
    public async Task Work_WithoutRoom_DoesNotRun()
    {
        var work = new OwnerWork(new BucketOptions { MaxWorkBytes = 1_000 }, time);
        Assert.True(work.Memory.TryHold("account:bob", 600));

        var (hasRun, _) = await work.RunAsync<int>(Alice, static () => throw new InvalidOperationException("It runs."), static () => 600, 0, default);

        Assert.False(hasRun);
    }
}
