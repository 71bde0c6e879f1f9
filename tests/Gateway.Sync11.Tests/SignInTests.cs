using System.Text;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Who may come in: HTTP Basic with the user that the path names.</summary>
[Collection(SharedServer.Name)]
public sealed class SignInTests(WeaveServer server)
{
    [Fact]
    public async Task Request_WithoutCredentials_Is401_AndAsksForSome()
    {
        using var device = await server.NewUserAsync();

        foreach (var (method, path) in new[] { ("GET", "/info/collections"), ("GET", "/storage/a"), ("PUT", "/storage/a/b"), ("POST", "/storage/a"), ("DELETE", "/storage") })
        {
            var answer = (await device.SendAsync(method, $"/1.1/{device.Name}{path}", method is "PUT" or "POST" ? new byte[100_000] : null, ("Authorization", ""))).AssertStatus(401);
            Assert.Equal("Basic realm=\"Sync\"", answer.Headers["WWW-Authenticate"]);
            Assert.StartsWith("text/plain", answer.Type, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Request_WithWrongCredentials_Is401_AndAsksForNone()
    {
        using var device = await server.NewUserAsync();
        using var other = await server.NewUserAsync();
        string[] wrong =
        [
            WeaveClient.Basic(device.Name, "a wrong password"),
            WeaveClient.Basic(device.Name.ToUpperInvariant(), device.Password!),
            WeaveClient.Basic(device.Email, device.Password!),
            WeaveClient.Basic(other.Name, other.Password!),
            "Bearer " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{device.Name}:{device.Password}")),
            "Basic",
            "Basic !!!",
            "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(device.Name)),
            "Basic " + Convert.ToBase64String([.. Encoding.UTF8.GetBytes(device.Name + ":"), 0xff, 0xfe]),
        ];

        foreach (var authorization in wrong)
        {
            var answer = (await device.GetAsync("/info/collections", ("Authorization", authorization))).AssertStatus(401);
            Assert.False(answer.Headers.ContainsKey("WWW-Authenticate"), authorization);
        }
    }

    [Fact]
    public async Task Credentials_OfAUserThatAnotherPlaceOfThePathNames_OpenNothing()
    {
        using var device = await server.NewUserAsync();
        using var other = await server.NewUserAsync();
        (await other.PutAsync($"/storage/a/{device.Name}", WeaveClient.Wbo("x", "secret"))).AssertWritten();

        (await device.SendAsync("GET", $"/1.1/{other.Name}/storage/a/{device.Name}")).AssertStatus(401);
        (await device.SendAsync("DELETE", $"/user/1.0/{other.Name}/password_reset?x={device.Name}")).AssertStatus(401);
    }

    [Fact]
    public async Task Password_MayHaveColonsAndAnyLetters()
    {
        using var device = server.Somebody();
        device.Password = "a:b::ç日本語";
        (await device.SignUpAsync()).AssertText(device.Name);

        (await device.GetAsync("/info/collections")).AssertOk();
    }

    [Fact]
    public async Task Guesses_AreStoppedForAWhile_With503_AndNoOtherUserIs()
    {
        var own = await WeaveServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 3 } });
        using var device = await own.NewUserAsync();
        using var other = await own.NewUserAsync();
        for (var i = 0; i < 3; i++)
        {
            (await device.GetAsync("/info/collections", ("Authorization", WeaveClient.Basic(device.Name, $"guess {i}")))).AssertStatus(401);
        }

        var stopped = (await device.GetAsync("/info/collections")).AssertStatus(503);

        Assert.InRange(int.Parse(stopped.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 1, 300);
        (await other.GetAsync("/info/collections")).AssertOk();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task User_NumberedLikeAStoreOfSync15_ReadsNothingOfIt_NorItOfTheUser()
    {
        var own = await WeaveServer.StartAsync(options => options with { StrictUsernames = false });
        using var user = new WeaveClient(own.Address, "1", "a good password") { Email = "one@example.org" };
        (await user.SignUpAsync()).AssertText("1");
        var (id, key) = new Sync15.TokenSigner([WeaveServer.TokenSecret]).Sign(new Sync15.SyncToken(1, own.Time.GetUtcNow().ToUnixTimeSeconds() + 3600, "a1b2c3"));
        Task<WeaveAnswer> NewAsync(string method, string path, string? body = null) => user.SendAsync(
            method, path, body is null ? null : Encoding.UTF8.GetBytes(body),
            ("Authorization", Sync15.Tests.HawkSigner.Header(id, key, own.Time.GetUtcNow().ToUnixTimeSeconds(), method, path, own.Address.Host, own.Address.Port)));

        (await NewAsync("PUT", "/1.5/1/storage/bookmarks/new", WeaveClient.Wbo("new", "5"))).AssertOk();
        (await user.PutAsync("/storage/bookmarks/old", WeaveClient.Wbo("old", "1"))).AssertWritten();

        Assert.Equal(["old"], (await user.GetAsync("/storage/bookmarks")).Ids);
        Assert.Equal(["new"], (await NewAsync("GET", "/1.5/1/storage/bookmarks")).AssertOk().Ids);
        (await user.DeleteAsync("/storage", ("X-Confirm-Delete", "1"))).AssertWritten();
        Assert.Equal(["new"], (await NewAsync("GET", "/1.5/1/storage/bookmarks")).AssertOk().Ids);
        (await user.UserAsync("DELETE", "")).AssertText("0");
        Assert.Equal(["new"], (await NewAsync("GET", "/1.5/1/storage/bookmarks")).AssertOk().Ids);
        await own.DisposeAsync();
    }
}
