using Lockstep.Core.Owner;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class WorkPlacesTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);
    private readonly FakeTime time = new();

    [Fact]
    public async Task Place_ThatComesFree_GoesToEachUserInTurn()
    {
        var places = new WorkPlaces(1, 100, Wait, time);
        Assert.True(await places.TryEnterAsync("hostile", default));
        var hostile = Enumerable.Range(0, 20).Select(_ => places.TryEnterAsync("hostile", default).AsTask()).ToList();
        var other = places.TryEnterAsync("other", default).AsTask();

        places.Leave();
        Assert.True(await hostile[0]);
        Assert.False(other.IsCompleted);
        places.Leave();

        Assert.True(await other);
        Assert.All(hostile[1..], static waiting => Assert.False(waiting.IsCompleted));
    }

    [Fact]
    public async Task Lines_AreBounded_EachAndTogether()
    {
        var places = new WorkPlaces(1, 8, Wait, time);
        Assert.True(await places.TryEnterAsync("a", default));
        var waiting = Enumerable.Range(0, 8).Select(i => places.TryEnterAsync($"user{i / 2}", default).AsTask()).ToList();

        Assert.False(await places.TryEnterAsync("user0", default));
        Assert.False(await places.TryEnterAsync("late", default));
        Assert.All(waiting, static one => Assert.False(one.IsCompleted));
        Assert.Equal(8, places.Waiting);
    }

    [Fact]
    public async Task Wait_ForLongerThanTheTime_EndsWithoutAPlace()
    {
        var places = new WorkPlaces(1, 8, Wait, time);
        Assert.True(await places.TryEnterAsync("a", default));
        var late = places.TryEnterAsync("b", default).AsTask();
        time.Advance(Wait);

        Assert.False(await late);
        Assert.Equal(0, places.Waiting);
        places.Leave();
        Assert.True(await places.TryEnterAsync("b", default));
    }

    [Fact]
    public async Task Wait_OfAClientThatHasGone_Ends_AndThePlaceGoesToTheNext()
    {
        var places = new WorkPlaces(1, 8, Wait, time);
        Assert.True(await places.TryEnterAsync("a", default));
        using var gone = new CancellationTokenSource();
        var first = places.TryEnterAsync("b", gone.Token).AsTask();
        var second = places.TryEnterAsync("b", default).AsTask();

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        places.Leave();

        Assert.True(await second);
        places.Leave();
        Assert.True(await places.TryEnterAsync("c", default));
    }

    [Fact]
    public void Memory_OneUserHoldsAQuarter_AndOnePieceOfWorkAsMuchAsThereIs()
    {
        var memory = new WorkMemory(100);
        Assert.True(memory.TryHold("a", 20));
        Assert.False(memory.TryHold("a", 10));
        Assert.True(memory.TryHold("a", 10, before: 20));
        Assert.True(memory.TryHold("b", 60));
        Assert.False(memory.TryHold("c", 11));
        memory.Release("a", 30);
        Assert.True(memory.TryHold("c", 11));
        memory.Release("c", 11);
        memory.Release("b", 60);

        Assert.Equal(0, memory.Bytes);
        Assert.True(memory.TryHold("d", 1000));
    }

    [Fact]
    public async Task Memory_ThatIsGivenBack_GoesToWhoWaits_AsFarAsTheirShareGoes()
    {
        var memory = new WorkMemory(100, 8);
        var end = Deadline.After(Wait, time);
        Assert.True(memory.TryHold("a", 20));
        var more = memory.HoldAsync("a", 20, end, time, default).AsTask();
        Assert.True(memory.TryHold("b", 25));
        memory.Release("b", 25);
        Assert.False(more.IsCompleted);

        memory.Release("a", 20);

        Assert.True(await more);
        Assert.Equal(20, memory.Bytes);
    }

    [Fact]
    public async Task Memory_OfWhatCanWait_IsHalf_SoThatTheRestFindsRoom()
    {
        var memory = new WorkMemory(100, 8);
        Assert.True(await memory.HoldAsync("a", 25, Deadline.After(Wait, time), time, default));
        Assert.True(await memory.HoldAsync("b", 25, Deadline.After(Wait, time), time, default));
        var third = memory.HoldAsync("c", 1, Deadline.After(Wait, time), time, default).AsTask();

        Assert.True(memory.TryHold("d", 25));
        Assert.False(third.IsCompleted);
        memory.ReleaseWaited("a", 25);

        Assert.True(await third);
    }

    [Fact]
    public async Task Memory_IsWaitedForSoLong_AndBySoMany()
    {
        var memory = new WorkMemory(100, 8);
        Assert.True(memory.TryHold("a", 100));
        var waiting = Enumerable.Range(0, 8).Select(i => memory.HoldAsync($"user{i / 2}", 10, Deadline.After(Wait, time), time, default).AsTask()).ToList();
        Assert.False(await memory.HoldAsync("user0", 10, Deadline.After(Wait, time), time, default));
        Assert.False(await memory.HoldAsync("late", 10, Deadline.After(Wait, time), time, default));

        time.Advance(Wait);

        Assert.All(await Task.WhenAll(waiting), Assert.False);
        memory.Release("a", 100);
        Assert.Equal(0, memory.Bytes);
        Assert.True(await memory.HoldAsync("late", 10, Deadline.After(Wait, time), time, default));
    }

    [Fact]
    public async Task Memory_OfAClientThatHasGone_IsNotWaitedFor()
    {
        var memory = new WorkMemory(100, 1);
        Assert.True(memory.TryHold("a", 100));
        using var gone = new CancellationTokenSource();
        var first = memory.HoldAsync("b", 10, Deadline.After(Wait, time), time, gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = memory.HoldAsync("c", 10, Deadline.After(Wait, time), time, default).AsTask();
        memory.Release("a", 100);
        Assert.True(await second);
    }
}
