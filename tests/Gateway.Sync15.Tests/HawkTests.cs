using Lockstep.Gateway.Http;
using Lockstep.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Who may come in: tokens and signatures.</summary>
[Collection(SharedServer.Name)]
public sealed class HawkTests(SyncServer server)
{
    [Fact]
    public async Task Request_WithoutOrWithWrongCredentials_Is401_WithABareZero()
    {
        using var device = server.NewUser();
        foreach (var header in new[] { "", "Hawk", "Hawk id=\"x\"", "Basic YTpi", $"Hawk id=\"{device.Id}\", ts=\"1\", nonce=\"n\", mac=\"bWFj\"", "Bearer x" })
        {
            var answer = await device.GetAsync("/info/collections", ("Authorization", header));
            Assert.Equal("Hawk", answer.AssertError(401, 0).Headers["WWW-Authenticate"]);
        }
    }

    [Fact]
    public async Task Signature_OfAnotherMethodPathQueryOrKey_Is401()
    {
        using var device = server.NewUser();
        var (now, host, port, path) = (server.Time.GetUtcNow().ToUnixTimeSeconds(), server.Address.Host, server.Address.Port, $"/1.5/{device.Uid}/info/quota");
        string Signed(string method, string target, string? key = null, int? at = null) =>
            HawkSigner.Header(device.Id, key ?? device.Key, now, method, target, host, at ?? port);

        (await device.GetAsync("/info/quota", ("Authorization", Signed("GET", path)))).AssertOk();
        foreach (var wrong in new[]
        {
            Signed("PUT", path), Signed("GET", path + "?x"), Signed("GET", path + "/"), Signed("GET", path, device.Key + "="), Signed("GET", path, at: 443),
            HawkSigner.Header(device.Id, device.Key, now, "GET", path, "sync.example.org", port),
        })
        {
            (await device.GetAsync("/info/quota", ("Authorization", wrong))).AssertError(401, 0);
        }
    }

    [Fact]
    public async Task Signature_WithHashAndExtension_IsTaken_AndTheBodyIsNotComparedWithIt()
    {
        using var device = server.NewUser();
        var target = $"/1.5/{device.Uid}/storage/tabs/a";
        var header = HawkSigner.Header(
            device.Id, device.Key, server.Time.GetUtcNow().ToUnixTimeSeconds(), "PUT", target, server.Address.Host, server.Address.Port, hash: "bm8gc3VjaCBoYXNo", ext: "more");

        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""", ("Authorization", header))).AssertOk();

        // And sent twice: a client that heard nothing sends again what it has signed.
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""", ("Authorization", header))).AssertOk();
    }

    [Fact]
    public async Task Query_IsSignedAsItWasSent()
    {
        using var device = server.NewUser();
        (await device.PutAsync("/storage/tabs/a%20b%2Cc%2Fd", """{"payload":"x"}""")).AssertOk();

        var answer = await device.GetAsync("/storage/tabs?ids=a%20b%2cc%2fd,%65&full=&=x,y");

        Assert.Empty(answer.AssertOk().Ids);
        Assert.Equal("a b,c/d", (await device.GetAsync("/storage/tabs/%61%20b%2cc%2Fd")).AssertOk().Json.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(-300 * 86_400)]
    [InlineData(300 * 86_400)]
    public async Task Clock_WrongByMonths_IsTaken(long skew)
    {
        using var device = server.Device(server.NewUser().Uid, skew: skew);

        (await device.GetAsync("/info/collections")).AssertOk();
    }

    [Fact]
    public async Task Clock_WrongByMoreThanAYear_Is401()
    {
        using var device = server.Device(server.NewUser().Uid, skew: 400 * 86_400);

        (await device.GetAsync("/info/collections")).AssertError(401, 0);
    }

    [Fact]
    public async Task Token_ThatHasEnded_OpensInfoCollectionsAndNothingElse()
    {
        using var device = server.Device(server.NewUser().Uid, seconds: -1);

        (await device.GetAsync("/info/collections")).AssertOk();
        (await device.GetAsync("/info/collections?v=1.155.0")).AssertOk();
        foreach (var path in new[] { "/info/quota", "/info/collection_counts", "/storage/info/collections", "/storage/tabs" })
        {
            (await device.GetAsync(path)).AssertError(401, 0);
        }

        (await device.DeleteAsync("/storage")).AssertError(401, 0);
    }

    [Fact]
    public async Task Token_OfAnOlderSecret_IsTaken_OfAnUnknownOne_Is401()
    {
        using var old = server.Device(server.NewUser().Uid, SyncServer.OldSecret);
        using var unknown = server.Device(server.NewUser().Uid, "a secret that this server does not have");

        (await old.GetAsync("/info/collections")).AssertOk();
        (await unknown.GetAsync("/info/collections")).AssertError(401, 0);
    }

    [Fact]
    public async Task Storage_OfAnotherUser_Is401_AndShowsNothing()
    {
        using var alice = server.NewUser();
        using var bob = server.NewUser();
        (await alice.PutAsync("/storage/tabs/a", """{"payload":"alice's"}""")).AssertOk();

        foreach (var method in new[] { "GET", "DELETE", "PUT" })
        {
            (await bob.SendRawAsync(method, $"/1.5/{alice.Uid}/storage/tabs/a", method == "PUT" ? "{}" : null)).AssertError(401, 0);
        }

        (await bob.SendRawAsync("GET", $"/1.5/0{alice.Uid}/storage/tabs/a")).AssertError(401, 0);
        (await bob.GetAsync("/storage/tabs/a")).AssertError(404, 0);
        (await alice.GetAsync("/storage/tabs/a")).AssertOk();
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Signature_ThatDoesNotFit_IsToldInTheLog_WithWhatWasExpected()
    {
        await using var heard = new Started(await SyncServer.StartAsync());
        using var watch = LogWatch.On(heard.Server.Services);
        using var device = heard.Server.NewUser();
        var header = HawkSigner.Header(device.Id, device.Key, heard.Server.Time.GetUtcNow().ToUnixTimeSeconds(), "GET", "/wrong", "sync.example.org", 443);

        (await device.GetAsync("/info/quota?x=secret", ("Authorization", header))).AssertError(401, 0);

        var line = Assert.Single(watch.Above(LogLevel.Trace), text => text.Contains("not signed as expected", StringComparison.Ordinal));
        Assert.Contains($"method GET, host 127.0.0.1, port {heard.Server.Address.Port} and path /1.5/{device.Uid}/info/quota.", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task PublicUrl_SaysWhatIsSigned_WithItsPrefix()
    {
        await using var started = new Started(await SyncServer.StartAsync(options => options with
        {
            Http = new HttpOptions { DrainTime = TimeSpan.Zero, PublicUrl = "https://sync.example.org/firefox" },
        }));
        using var device = started.Server.NewUser();
        var (now, path) = (started.Server.Time.GetUtcNow().ToUnixTimeSeconds(), $"/1.5/{device.Uid}/info/quota");

        (await device.GetAsync("/info/quota", ("Authorization", HawkSigner.Header(device.Id, device.Key, now, "GET", "/firefox" + path, "sync.example.org", 443)))).AssertOk();
        (await device.GetAsync("/info/quota")).AssertError(401, 0);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Server_WithoutSecrets_ServesNoSync()
    {
        await using var started = new Started(await SyncServer.StartAsync(options => options with { Sync15 = new Sync15Options() }));
        using var device = started.Server.NewUser();

        Assert.NotEqual(200, (await device.GetAsync("/info/collections")).Status);
        Assert.NotEqual(200, (await device.GetAsync("/info/configuration")).Status);
    }

    private sealed class Started(SyncServer server) : IAsyncDisposable
    {
        public SyncServer Server => server;

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
