using Lockstep.Core.Pairing;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Channels for a pairing: who is of them, what a message replaces, and when they end.</summary>
public sealed class PairingChannelTests
{
    private const string One = "the first device";
    private const string Other = "the other device";

    private readonly FakeTime time = new();
    private readonly InProcessPairingChannels channels;

    public PairingChannelTests() => channels = new(new PairingLimits(MaxChannels: 2, MaxMessages: 3, TimeSpan.FromMinutes(5)), time);

    [Fact]
    public async Task Message_GoesFromOneToTheOther_AndBack()
    {
        await channels.OpenAsync("a", One, default);
        Assert.Equal(PairingStatus.Empty, (await channels.ReadAsync("a", Other, [], default)).Status);

        var first = await WriteAsync(One, "1", over: null, notOver: [PairingReply.AnyTag]);
        var read = await channels.ReadAsync("a", Other, [], default);
        var second = await WriteAsync(Other, "2", over: [read.Tag]);

        Assert.Equal((PairingStatus.Done, first.Tag, "1"), (read.Status, read.Tag, Text(read)));
        Assert.NotEqual(first.Tag, second.Tag);
        Assert.Equal("2", Text(await channels.ReadAsync("a", One, [first.Tag], default)));
        Assert.Equal(PairingStatus.Known, (await channels.ReadAsync("a", Other, [second.Tag], default)).Status);
    }

    [Fact]
    public async Task Message_OverOneThatWasNotSeen_IsAConflict_AndReplacesNothing()
    {
        await channels.OpenAsync("a", One, default);
        Assert.Equal(PairingStatus.Conflict, (await WriteAsync(One, "x", over: ["0123"])).Status);
        Assert.Equal(PairingStatus.Conflict, (await WriteAsync(One, "x", over: [PairingReply.AnyTag])).Status);
        var first = await WriteAsync(One, "1");

        Assert.Equal(PairingStatus.Conflict, (await WriteAsync(Other, "x", over: null, notOver: [PairingReply.AnyTag])).Status);
        Assert.Equal(PairingStatus.Conflict, (await WriteAsync(Other, "x", over: null, notOver: ["0123", first.Tag])).Status);
        Assert.Equal(PairingStatus.Conflict, (await WriteAsync(Other, "x", over: ["0123"])).Status);

        Assert.Equal("1", Text(await channels.ReadAsync("a", Other, ["0123"], default)));
    }

    [Theory]
    [InlineData("a third device")]
    [InlineData("")]
    public async Task Stranger_EndsTheChannel(string stranger)
    {
        await channels.OpenAsync("a", One, default);
        await WriteAsync(One, "1");
        await channels.ReadAsync("a", Other, [], default);

        Assert.Equal(PairingStatus.Foreign, (await channels.ReadAsync("a", stranger, [], default)).Status);

        Assert.Equal(PairingStatus.Missing, (await channels.ReadAsync("a", One, [], default)).Status);
        Assert.Equal(0, channels.Count);
    }

    [Fact]
    public async Task Channel_EndsWithItsLastRead_AndTakesNoMoreMessagesThanThat()
    {
        await channels.OpenAsync("a", One, default);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(PairingStatus.Done, (await WriteAsync(One, "1")).Status);
        }

        Assert.Equal(PairingStatus.Conflict, (await WriteAsync(One, "1")).Status);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(PairingStatus.Done, (await channels.ReadAsync("a", Other, [], default)).Status);
        }

        Assert.Equal(PairingStatus.Missing, (await channels.ReadAsync("a", Other, [], default)).Status);
    }

    [Fact]
    public async Task Channel_LivesFromItsLastMessageOn_AndMakesRoomThen()
    {
        await channels.OpenAsync("a", One, default);
        time.Advance(TimeSpan.FromMinutes(4));
        await WriteAsync(One, "1");
        await channels.OpenAsync("b", One, default);
        Assert.Equal(PairingStatus.Taken, (await channels.OpenAsync("a", Other, default)).Status);
        Assert.Equal(PairingStatus.Full, (await channels.OpenAsync("c", One, default)).Status);

        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(PairingStatus.Done, (await channels.ReadAsync("a", Other, [], default)).Status);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(PairingStatus.Missing, (await channels.ReadAsync("a", Other, [], default)).Status);
        Assert.Equal(PairingStatus.Done, (await channels.OpenAsync("c", One, default)).Status);
        Assert.Equal(1, channels.Count);
    }

    [Fact]
    public async Task Close_EndsIt_AndOneThatIsGoneIsMissing()
    {
        await channels.OpenAsync("a", One, default);

        Assert.Equal(PairingStatus.Done, (await channels.CloseAsync("a", Other, default)).Status);

        Assert.Equal(PairingStatus.Missing, (await channels.CloseAsync("a", One, default)).Status);
        Assert.False(channels.IsOpen("a"));
    }

    private async Task<PairingReply> WriteAsync(string device, string text, string[]? over = null, string[]? notOver = null) =>
        await channels.WriteAsync("a", device, System.Text.Encoding.UTF8.GetBytes(text), over, notOver, default);

    private static string Text(PairingReply reply) => System.Text.Encoding.UTF8.GetString(reply.Message.Span);
}
