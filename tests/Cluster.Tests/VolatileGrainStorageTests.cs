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

    public VolatileGrainStorageTests() => storage = new VolatileGrainStorage(Keep, time);

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
    public async Task State_Cleared_IsForgotten()
    {
        await WriteAsync(1, "one");

        await storage.ClearStateAsync("state", Id(1), new GrainState<Note> { State = new Note() });

        Assert.Null(await ReadAsync(1));
    }

    /// <summary>Somebody who makes up names cannot fill the memory, and who is counted already is counted on.</summary>
    [Fact]
    public async Task States_MoreThanFit_AreNotKept_UntilOldOnesAreForgotten()
    {
        const int fits = 100_000;
        for (var i = 0; i < fits; i++)
        {
            await WriteAsync(i, "old");
        }

        await WriteAsync(fits, "beyond");
        await WriteAsync(0, "again");
        Assert.Null(await ReadAsync(fits));
        Assert.Equal("again", await ReadAsync(0));

        time.Advance(Keep);
        await WriteAsync(fits, "beyond");

        Assert.Equal("beyond", await ReadAsync(fits));
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
