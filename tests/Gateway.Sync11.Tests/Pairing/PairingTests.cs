using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Pairing;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync11.Pairing;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Sync11.Tests.Pairing;

/// <summary>Easy Setup: channels, and a device that gets everything from another one.</summary>
[Collection(SharedServer.Name)]
public sealed class PairingTests(WeaveServer server)
{
    private const string Secret = "abcdefgh";

    [Fact]
    public async Task Pairing_WithThePin_BringsTheAccountToTheNewDevice_AndItSyncs()
    {
        using var user = await server.NewUserAsync();
        (await user.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
        using var receiver = new PairingDevice(server.Address);
        using var sender = new PairingDevice(server.Address);

        // The new device shows the PIN.
        var pin = Secret + await receiver.OpenAsync();
        Assert.Equal(12, pin.Length);
        var old = new JPakeParty("sender", pin[..8]);
        var young = new JPakeParty("receiver", Secret);
        await receiver.PutAsync(young.One());
        Assert.Null(await receiver.PollAsync());

        // Somebody types it into the other one.
        sender.Channel = pin[8..];
        var receiverOne = await sender.GetAsync();
        await sender.PutAsync(old.One());
        await receiver.PutAsync(young.Two(await receiver.GetAsync()));
        Assert.Null(await receiver.PollAsync());
        var senderTwo = old.Two(receiverOne);
        var receiverTwo = await sender.GetAsync();
        await sender.PutAsync(senderTwo);
        old.Finish(receiverTwo);
        young.Finish(await receiver.GetAsync());
        await receiver.PutAsync(young.Three());

        // Both have the same key: what is sent now is read by nobody else.
        Assert.True(old.HasSameKey(await sender.GetAsync()));
        await sender.PutAsync(old.Credentials(JsonSerializer.Serialize(new { account = user.Name, password = user.Password, synckey = "the recovery key", serverURL = server.Address })));
        var credentials = young.ReadCredentials(await receiver.GetAsync());

        Assert.Equal("the recovery key", credentials.GetProperty("synckey").GetString());
        using var device = new WeaveClient(new Uri(credentials.GetProperty("serverURL").GetString()!), credentials.GetProperty("account").GetString()!, credentials.GetProperty("password").GetString());
        Assert.Equal("x", (await device.GetAsync("/storage/bookmarks/a")).AssertOk().Json.GetProperty("payload").GetString());

        // Six messages were read: nothing is left.
        (await sender.ReadAsync()).AssertStatus(404);
    }

    [Fact]
    public async Task Pairing_WithAWrongPin_IsSeen_AndTheReportEndsTheChannel()
    {
        using var receiver = new PairingDevice(server.Address);
        using var sender = new PairingDevice(server.Address) { Channel = await receiver.OpenAsync() };
        var old = new JPakeParty("sender", "abcdefgi");
        var young = new JPakeParty("receiver", Secret);
        await receiver.PutAsync(young.One());
        var one = await sender.GetAsync();
        await sender.PutAsync(old.One());
        await receiver.PutAsync(young.Two(await receiver.GetAsync()));
        var two = await sender.GetAsync();
        await sender.PutAsync(old.Two(one));
        old.Finish(two);
        young.Finish(await receiver.GetAsync());
        await receiver.PutAsync(young.Three());

        Assert.False(old.HasSameKey(await sender.GetAsync()));
        (await sender.ReportAsync("jpake.error.keymismatch")).AssertOk();

        (await receiver.ReadAsync()).AssertStatus(404);
    }

    [Fact]
    public async Task NewChannel_HasANameOfFour_EachAnother()
    {
        using var device = new PairingDevice(server.Address);

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            names.Add(await device.OpenAsync());
        }

        Assert.Equal(5, names.Count);
        Assert.All(names, name => Assert.Matches("^[a-z0-9]{4}$", name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    public async Task Device_ThatSaysNothingOfItself_Is400_AndEndsTheChannel(string id)
    {
        using var device = new PairingDevice(server.Address);
        var channel = await device.OpenAsync();
        await device.PutAsync("{}");

        (await device.SendAsync("GET", "/jpake/new_channel", body: null, ("X-KeyExchange-Id", id))).AssertStatus(400);
        (await device.ReadAsync()).AssertOk();
        (await device.SendAsync("GET", $"/jpake/{channel}", body: null, ("X-KeyExchange-Id", id))).AssertStatus(400);

        (await device.ReadAsync()).AssertStatus(404);
        (await device.SendAsync("GET", $"/jpake/{channel}", body: null, ("X-KeyExchange-Id", id))).AssertStatus(400);
        (await device.SendAsync("PUT", $"/jpake/{channel}", "{}", ("X-KeyExchange-Id", id))).AssertStatus(400);
        (await device.SendAsync("GET", "/jpake/no-channel", body: null, ("X-KeyExchange-Id", id))).AssertStatus(400);
    }

    [Fact]
    public async Task Device_ThatIsTheThird_Is400_AndEndsTheChannel()
    {
        using var first = new PairingDevice(server.Address);
        using var second = new PairingDevice(server.Address) { Channel = await first.OpenAsync() };
        using var third = new PairingDevice(server.Address) { Channel = first.Channel };
        await first.PutAsync("""{"a":1}""");
        await second.GetAsync();

        (await third.WriteAsync("{}")).AssertStatus(400);

        (await first.ReadAsync()).AssertStatus(404);
        (await second.ReadAsync()).AssertStatus(404);
    }

    [Fact]
    public async Task Get_IsTheMessageWithATag_304ForWhoHasIt_And404WhereNothingIs()
    {
        using var first = new PairingDevice(server.Address);
        using var second = new PairingDevice(server.Address) { Channel = await first.OpenAsync() };
        (await second.ReadAsync()).AssertStatus(404);
        (await first.SendAsync("GET", "/jpake/1000")).AssertStatus(404);
        (await first.SendAsync("GET", "/jpake/waytoolong")).AssertStatus(404);
        await first.PutAsync("""{"a":1}""");

        var read = (await second.ReadAsync()).AssertOk();

        Assert.Equal(("""{"a":1}""", "application/json", "no-store"), (read.Text, read.Type, read.Headers["Cache-Control"]));
        var tag = read.Headers["ETag"];
        Assert.Matches("^\"[0-9a-f]+\"$", tag);
        Assert.Equal(tag, (await second.ReadAsync(("If-None-Match", tag))).AssertStatus(304).Headers["ETag"]);
        (await second.ReadAsync(("If-None-Match", "W/" + tag))).AssertStatus(304);
        (await second.ReadAsync(("If-None-Match", "\"another\""))).AssertOk();
        (await second.ReadAsync(("If-None-Match", $"\"another\", {tag}"))).AssertStatus(304);
    }

    [Fact]
    public async Task Get_ForTheSixthTime_IsTheLast()
    {
        using var device = new PairingDevice(server.Address);
        await device.OpenAsync();
        await device.PutAsync("{}");

        for (var i = 0; i < 6; i++)
        {
            (await device.ReadAsync()).AssertOk();
        }

        (await device.ReadAsync()).AssertStatus(404);
    }

    [Fact]
    public async Task Put_OverWhatWasNotSeen_Is412_AndReplacesNothing()
    {
        using var first = new PairingDevice(server.Address);
        using var second = new PairingDevice(server.Address) { Channel = await first.OpenAsync() };
        var tag = (await first.WriteAsync("""{"a":1}""", ("If-None-Match", "*"))).AssertOk().Headers["ETag"];

        (await second.WriteAsync("{}", ("If-None-Match", "*"))).AssertStatus(412);
        (await second.WriteAsync("{}", ("If-Match", "\"another\""))).AssertStatus(412);
        (await second.WriteAsync("{}", ("If-None-Match", tag))).AssertStatus(412);
        Assert.Equal("""{"a":1}""", (await second.ReadAsync()).AssertOk().Text);

        Assert.NotEqual(tag, (await second.WriteAsync("""{"a":2}""", ("If-Match", "W/" + tag))).AssertOk().Headers["ETag"]);
        Assert.Equal("""{"a":2}""", (await first.ReadAsync(("If-None-Match", tag))).AssertOk().Text);
    }

    [Fact]
    public async Task Put_ByBothDevicesAtOnce_IsOneOfTheirs()
    {
        using var first = new PairingDevice(server.Address);
        using var second = new PairingDevice(server.Address) { Channel = await first.OpenAsync() };

        var answers = await Task.WhenAll(first.WriteAsync("\"first\"", ("If-None-Match", "*")), second.WriteAsync("\"second\"", ("If-None-Match", "*")));

        Assert.Equal([200, 412], answers.Select(static answer => answer.Status).Order());
        Assert.Equal(answers[0].Status == 200 ? "\"first\"" : "\"second\"", (await first.ReadAsync()).AssertOk().Text);
    }

    [Fact]
    public async Task Put_ThatIsTooLarge_Is413_AndTheSeventh412()
    {
        using var device = new PairingDevice(server.Address);
        await device.OpenAsync();

        (await device.WriteAsync(new string('x', (16 << 10) + 1))).AssertStatus(413);
        for (var i = 0; i < 6; i++)
        {
            (await device.WriteAsync(new string('x', 16 << 10))).AssertOk();
        }

        (await device.WriteAsync("{}")).AssertStatus(412);
    }

    [Fact]
    public async Task Report_EndsTheChannelOfItsDevice_AndNothingThatWasSentIsLogged()
    {
        using var watch = LogWatch.On(server.Services);
        using var device = new PairingDevice(server.Address);
        using var second = new PairingDevice(server.Address) { Channel = await device.OpenAsync() };
        await device.PutAsync("{}");

        (await device.SendAsync("POST", "/jpake/report")).AssertStatus(400);
        (await device.ReportAsync("x", new string('x', 2001))).AssertStatus(400);
        (await device.SendAsync("POST", "/jpake/report", "", ("X-KeyExchange-Log", "a line of my own"))).AssertOk();
        (await second.ReadAsync()).AssertOk();
        (await device.ReportAsync("jpake.error.userabort", "and some words")).AssertOk();

        (await second.ReadAsync()).AssertStatus(404);
        (await device.ReportAsync("jpake.error.userabort")).AssertOk();
        var lines = watch.Above(LogLevel.Debug).Where(static line => line.Contains("Easy Setup", StringComparison.Ordinal)).ToList();
        Assert.Contains(lines, static line => line.Contains("userabort", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, static line => line.Contains("words", StringComparison.Ordinal) || line.Contains("my own", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Report_OfAStranger_Is400()
    {
        using var device = new PairingDevice(server.Address);
        using var second = new PairingDevice(server.Address) { Channel = await device.OpenAsync() };
        using var stranger = new PairingDevice(server.Address) { Channel = device.Channel };
        await device.PutAsync("{}");
        await second.GetAsync();

        (await stranger.ReportAsync("jpake.error.userabort")).AssertStatus(400);
        (await device.SendAsync("POST", "/jpake/report", "x", ("X-KeyExchange-Id", "short"))).AssertStatus(400);
    }

    [Fact]
    public async Task Guesses_AreStoppedForAWhile_With403_WhateverIsAskedFor()
    {
        var own = await StartAsync(pairing => pairing with { MaxBadRequests = 5 });
        using var device = new PairingDevice(own.Address);
        await device.OpenAsync();
        await device.PutAsync("{}");
        using var guest = new PairingDevice(own.Address);
        for (var i = 2; i < 7; i++)
        {
            (await guest.SendAsync("GET", $"/jpake/{i}{i}{i}{i}")).AssertStatus(404);
        }

        Assert.InRange(int.Parse((await guest.SendAsync("GET", "/jpake/8888")).AssertStatus(403).Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 600);
        (await device.ReadAsync()).AssertStatus(403);
        (await device.SendAsync("GET", "/jpake/new_channel")).AssertStatus(403);
        (await device.ReportAsync("jpake.error.server")).AssertStatus(403);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Polls_AreNoGuesses()
    {
        var own = await StartAsync(pairing => pairing with { MaxBadRequests = 1 });
        using var device = new PairingDevice(own.Address);
        await device.OpenAsync();
        (await device.ReadAsync()).AssertStatus(404);
        await device.PutAsync("{}");

        for (var i = 0; i < 10; i++)
        {
            Assert.Null(await device.PollAsync());
        }

        await own.DisposeAsync();
    }

    [Fact]
    public async Task Channels_OfOneAddress_AreOnlySoMany_With403()
    {
        var own = await StartAsync(pairing => pairing with { MaxChannelsPerAddress = 2 });
        using var device = new PairingDevice(own.Address);
        await device.OpenAsync();
        await device.OpenAsync();

        Assert.True((await device.SendAsync("GET", "/jpake/new_channel")).AssertStatus(403).Headers.ContainsKey("Retry-After"));

        await device.PutAsync("{}");
        await own.DisposeAsync();
    }

    [OneProcessFact("each silo has as many")]
    public async Task Channels_OfAServer_AreOnlySoMany_With503()
    {
        var own = await StartAsync(pairing => pairing with { MaxChannels = 2 });
        using var device = new PairingDevice(own.Address);
        await device.OpenAsync();
        await device.OpenAsync();

        Assert.True((await device.SendAsync("GET", "/jpake/new_channel")).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        (await device.ReportAsync("jpake.error.userabort")).AssertOk();

        await device.OpenAsync();
        await own.DisposeAsync();
    }

    [OneProcessFact("silos keep the machine's time")]
    public async Task Channel_IsGoneFiveMinutesAfterTheLastMessage()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await StartAsync(pairing => pairing, time);
        using var device = new PairingDevice(own.Address);
        await device.OpenAsync();
        time.Advance(TimeSpan.FromMinutes(4));
        await device.PutAsync("{}");
        time.Advance(TimeSpan.FromMinutes(4));
        (await device.ReadAsync()).AssertOk();

        time.Advance(TimeSpan.FromMinutes(1));

        (await device.ReadAsync()).AssertStatus(404);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task EasySetup_ThatIsTurnedOff_Is404()
    {
        var own = await StartAsync(pairing => pairing with { Enabled = false });
        using var device = new PairingDevice(own.Address);

        (await device.SendAsync("GET", "/jpake/new_channel")).AssertStatus(404);
        (await device.SendAsync("GET", "/jpake/abcd")).AssertStatus(404);
        await own.DisposeAsync();
    }

    [Fact]
    public void Names_AreOfLettersThatAreNotMistaken()
    {
        Assert.True(PairingHandlers.IsName("a2z9"));
        Assert.All(new[] { "abc", "abcde", "ab1d", "abld", "abod", "ABCD", "ab d", "" }, static name => Assert.False(PairingHandlers.IsName(name)));
        Assert.Equal(new PairingLimits(1000, 6, TimeSpan.FromMinutes(5)), new PairingOptions().ToLimits());
    }

    private static Task<WeaveServer> StartAsync(Func<PairingOptions, PairingOptions> configure, TimeProvider? time = null) =>
        WeaveServer.StartAsync((Sync11Options options) => options with { Pairing = configure(options.Pairing) }, time);
}
