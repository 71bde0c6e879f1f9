using Lockstep.Silo.Cluster.Alone;
using Lockstep.Storage.Contract;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

/// <summary>Small states of grains in a server that is alone.</summary>
public sealed class VolatileGrainStorageTests
{
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(5);
    private readonly FakeTime time = new();
    private readonly VolatileGrainStorage storage;

    public VolatileGrainStorageTests() => storage = new VolatileGrainStorage(static state => state is Note { Text: "for a day" } ? TimeSpan.FromDays(1) : Keep, time);

    [Fact]
    public async Task State_Written_IsReadByWhoComesNext()
    {
        await WriteAsync(1, "one");

        Assert.Equal("one", await ReadAsync(1));
        Assert.Null(await ReadAsync(2));
    }

    [Fact]
    public async Task State_NotWrittenForItsTime_IsForgotten()
    {
        await WriteAsync(1, "one");
        time.Advance(Keep - TimeSpan.FromMilliseconds(1));
        Assert.Equal("one", await ReadAsync(1));

        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await ReadAsync(1));
    }

    [Fact]
    public async Task State_ThatMeansSomethingForLonger_IsKeptForLonger()
    {
        await WriteAsync(1, "for a day");

        time.Advance(TimeSpan.FromHours(23));

        Assert.Equal("for a day", await ReadAsync(1));
    }

    [Fact]
    public async Task State_Cleared_IsForgotten()
    {
        await WriteAsync(1, "one");

        await storage.ClearStateAsync("state", Id(1), new GrainState<Note> { State = new Note() });

        Assert.Null(await ReadAsync(1));
    }

    /// <summary>Somebody who makes up names can neither fill the memory nor keep others from being counted.</summary>
    [Fact]
    public async Task States_MoreThanFit_TakeThePlaceOfThoseThatAreOver_ElseOfTheOldest()
    {
        const int fits = 100_000;
        await WriteAsync(0, "for a day");
        for (var i = 1; i < fits; i++)
        {
            time.Advance(TimeSpan.FromTicks(1));
            await WriteAsync(i, "new");
        }

        await WriteAsync(0, "for a day");
        time.Advance(TimeSpan.FromTicks(1));
        await WriteAsync(fits, "beyond");
        Assert.Equal("beyond", await ReadAsync(fits));
        Assert.Null(await ReadAsync(1));
        Assert.Null(await ReadAsync(1_000));
        Assert.Equal("new", await ReadAsync(1_001));
        Assert.Equal("for a day", await ReadAsync(0));

        time.Advance(Keep);
        for (var i = 1; i <= 1_000; i++)
        {
            await WriteAsync(i, "again");
        }

        Assert.Equal("for a day", await ReadAsync(0));
        Assert.Equal("again", await ReadAsync(1));
    }

    [Fact]
    public async Task State_ReadAgain_OnceItIsForgotten_IsANewOne()
    {
        await WriteAsync(1, "one");
        time.Advance(Keep);
        var state = new GrainState<Note> { State = new Note { Text = "one" }, RecordExists = true };

        await storage.ReadStateAsync("state", Id(1), state);

        Assert.Equal(("", false), (state.State.Text, state.RecordExists));
    }

    private Task WriteAsync(int id, string text) => storage.WriteStateAsync("state", Id(id), new GrainState<Note> { State = new Note { Text = text } });

    private async Task<string?> ReadAsync(int id)
    {
        var state = new GrainState<Note> { State = new Note() };
        await storage.ReadStateAsync("state", Id(id), state);
        return state.RecordExists ? state.State.Text : null;
    }

    private static GrainId Id(int number) => GrainId.Create("sign-in", $"{number}");

    private sealed class Note
    {
        public string Text { get; init; } = "";
    }
}
