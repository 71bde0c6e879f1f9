using Lockstep.Core.Assignments;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Gateway.Sync15.Tests.TokenServer;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Who comes in, and to which storage.</summary>
[Collection(SharedServer.Name)]
public sealed class CredentialTests(SynctoServers servers)
{
    private const string OfAll = "/v1/buckets/syncto/collections/bookmarks/records";

    [Theory]
    [InlineData("GET", "/v1/buckets/{0}/collections")]
    [InlineData("GET", "/v1/buckets/{0}/collections/bookmarks")]
    [InlineData("GET", "/v1/buckets/{0}/collections/bookmarks/records")]
    [InlineData("GET", "/v1/buckets/{0}/collections/bookmarks/records/aaa")]
    [InlineData("PUT", "/v1/buckets/{0}/collections/bookmarks/records/aaa")]
    [InlineData("PATCH", "/v1/buckets/{0}/collections/bookmarks/records/aaa")]
    [InlineData("DELETE", "/v1/buckets/{0}/collections/bookmarks/records/aaa")]
    [InlineData("BATCH", "/buckets/{0}/collections/bookmarks/records/aaa")]
    public async Task Endpoint_IsClosed_ToEveryKindOfWrongCredentials(string method, string template)
    {
        using var owner = await servers.NewUserAsync();
        using var other = await servers.NewUserAsync();
        const string canary = "the payload of somebody else";
        await owner.Device.PutAsync("/storage/bookmarks/aaa", $$"""{"payload":"{{canary}}"}""");
        var accounts = servers.Accounts;
        (string Authorization, string Bucket, int Errno)[] wrong =
        [
            ("", owner.State, 104),
            ("Basic YTpi", owner.State, 104),
            ("Bearer", owner.State, 104),
            ("Bearer ", owner.State, 104),
            ("Hawk id=\"a\", ts=\"1\", nonce=\"n\", mac=\"m\"", owner.State, 104),
            ("Bearer nonsense", owner.State, 105),
            ("Bearer " + new string('x', 9_000), owner.State, 105),
            ("Bearer " + accounts.Signed(owner.Name, 1_000, static claims => claims["exp"] = 1), owner.State, 105),
            ("Bearer " + accounts.Signed(owner.Name, 1_000, static claims => claims["scope"] = "profile"), owner.State, 105),
            ("Bearer " + accounts.Signed(owner.Name, 1_000, static claims => claims["iss"] = "https://example.com"), owner.State, 105),
            ("Bearer " + accounts.Signed(owner.Name, 1_000, key: AccountServer.Another), owner.State, 105),
            ("Bearer " + accounts.Signed(owner.Name, 1_000, type: "JWT"), owner.State, 105),
            ("Bearer " + accounts.Signed(owner.Name, 999), owner.State, 105),
            ("Bearer " + other.Syncto.Token, owner.State, 105),
            ("Bearer " + owner.Syncto.Token, other.State, 105),
            ("Bearer " + owner.Syncto.Token, new string('0', 32), 105),
            ("Bearer " + owner.Syncto.Token, "default", 104),
            ("Bearer " + owner.Syncto.Token, owner.State[..31], 104),
            ("Bearer " + owner.Syncto.Token, owner.State[..31] + "x", 104),
            ("Bearer " + owner.Syncto.Token, "syncto", 104),
        ];

        foreach (var (authorization, bucket, errno) in wrong)
        {
            var path = string.Format(System.Globalization.CultureInfo.InvariantCulture, template, bucket);
            var body = method is "PUT" or "PATCH" ? """{"data":{"payload":"changed"}}""" : null;
            var answer = method is not "BATCH"
                ? await owner.Syncto.SendAsync(method, path, body, ("Authorization", authorization))
                : await owner.Syncto.SendAsync("POST", "/v1/batch", $$"""{"requests":[{"path":"{{path}}"},{"method":"DELETE","path":"{{path}}"}]}""", ("Authorization", authorization));
            Assert.DoesNotContain(canary, answer.Text, StringComparison.Ordinal);
            if (method is not "BATCH")
            {
                answer.AssertRefused(401, errno);
                Assert.Equal("Bearer", answer.Headers["WWW-Authenticate"]);
                continue;
            }

            Assert.All(answer.AssertStatus(200).Json.GetProperty("responses").EnumerateArray(), part =>
            {
                Assert.Equal(401, part.GetProperty("status").GetInt32());
                Assert.Equal(errno, part.GetProperty("body").GetProperty("errno").GetInt32());
            });
        }

        Assert.Equal(canary, (await owner.Device.GetAsync("/storage/bookmarks/aaa")).AssertOk().Json.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task Message_SaysWhatIsMissing()
    {
        using var user = await servers.NewUserAsync();

        (await user.Syncto.GetAsync(OfAll, ("Authorization", ""))).AssertRefused(401, 104, "Provide an access token: Authorization: Bearer <oauth_token>.");
        (await user.Syncto.GetAsync(OfAll)).AssertRefused(401, 104, "Provide the tokenserver X-Client-State header.");
        (await user.Syncto.GetAsync("/v1/history")).AssertRefused(401, 104, "Provide the tokenserver X-Client-State header.");
        (await user.Syncto.GetAsync("/v1/buckets/mine/collections/bookmarks/records")).AssertRefused(401, 104, "The provided bucket ID is incorrect.");
        (await user.Syncto.GetAsync(OfAll, ("X-Client-State", user.State), ("Authorization", "Bearer x"))).AssertRefused(401, 105, "401 Unauthorized: invalid-credentials: Unauthorized");
        (await user.Syncto.GetAsync(OfAll, ("X-Client-State", "not hex"))).AssertRefused(400, 107);
    }

    [Fact]
    public async Task Storage_IsFound_ByStateInBucketOrHeader_ByKeyId_AndByATokenThatIsNotSigned()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/bookmarks/aaa", """{"payload":"p"}""");
        var keyId = TokenServers.Key(1_000, user.State);
        var opaque = "Bearer " + servers.Accounts.Opaque(user.Name, 1_000);

        foreach (var (path, headers) in new (string, (string, string)[])[]
        {
            (user.Syncto.Records(), []),
            ($"/v1/buckets/{user.State.ToUpperInvariant()}/collections/bookmarks/records", []),
            (OfAll, [("X-Client-State", user.State)]),
            (OfAll, [("X-KeyID", keyId)]),
            (OfAll, [("X-KeyID", keyId), ("X-Client-State", user.State)]),
            (user.Syncto.Records(), [("X-KeyID", keyId)]),
            (user.Syncto.Records(), [("Authorization", opaque)]),
            (user.Syncto.Records(), [("Authorization", "bearer " + user.Syncto.Token), ("Backend-Authorization", "an assertion")]),
        })
        {
            Assert.Equal(["aaa"], (await user.Syncto.GetAsync(path, headers)).RecordIds());
        }

        (await user.Syncto.GetAsync(OfAll, ("X-KeyID", keyId), ("X-Client-State", new string('0', 32)))).AssertRefused(401, 105);
        (await user.Syncto.GetAsync(user.Syncto.Records(), ("X-KeyID", TokenServers.Key(1_000, new string('0', 32))))).AssertRefused(401, 105);
        (await user.Syncto.GetAsync(OfAll, ("X-KeyID", "nonsense"))).AssertRefused(401, 105);
    }

    [Fact]
    public async Task ClientState_Alone_MakesNoStorage_AndReplacesNone()
    {
        using var client = new SynctoClient(servers.Address, servers.Accounts.Signed("newcomer"), new string('a', 32));

        (await client.GetAsync(client.Records())).AssertRefused(401, 105);

        Assert.Empty(await servers.Tokens.Assignments.FindAsync(servers.Tokens.User("newcomer"), default));

        // A token that tells no generation, and a state that is not the user's: TokenServer would give another storage.
        using var device = await servers.Tokens.DeviceAsync("careless", 0, 0, new string('b', 32));
        using var mistaken = new SynctoClient(servers.Address, servers.Accounts.Signed("careless"), new string('c', 32));
        (await mistaken.GetAsync(mistaken.Records())).AssertRefused(401, 105);
        (await device.PutAsync("/storage/bookmarks/a", """{"payload":"p"}""")).AssertOk();
    }

    [Fact]
    public async Task KeyId_OfANewcomer_GetsAStorage_AsFromTokenServer_WhereTheyMayHaveOne()
    {
        using var client = new SynctoClient(servers.Address, servers.Accounts.Signed("comer", 1_000), new string('a', 32));
        var key = ("X-KeyID", TokenServers.Key(1_000, client.State));

        (await client.PutAsync(client.Records() + "/a", """{"data":{"payload":"p"}}""", key)).AssertStatus(200);

        using var device = await servers.Tokens.DeviceAsync("comer", 1_000, 1_000, client.State);
        Assert.Equal("p", (await device.GetAsync("/storage/bookmarks/a")).AssertOk().Json.GetProperty("payload").GetString());

        var closed = await SynctoServers.StartAsync(configureServer: static options => options with { Sync15 = options.Sync15 with { Registration = Sync15.TokenServer.SyncRegistration.Closed } });
        try
        {
            using var refused = new SynctoClient(closed.Address, closed.Accounts.Signed("comer", 1_000), client.State);
            (await refused.GetAsync(refused.Records(), key)).AssertRefused(403, 121);
        }
        finally
        {
            await closed.DisposeAsync();
        }
    }

    [Fact]
    public async Task Key_ThatWasReplaced_OpensNothing_AndTheNewOneAnEmptyStorage()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/bookmarks/aaa", """{"payload":"p"}""");
        (await user.Syncto.GetAsync(user.Syncto.Records())).AssertStatus(200);

        using var reset = await servers.Tokens.DeviceAsync(user.Name, 2_000, 2_000, new string('d', 32));

        (await user.Syncto.GetAsync(user.Syncto.Records())).AssertRefused(401, 105);
        (await user.Syncto.PutAsync(user.Syncto.Records() + "/bbb", """{"data":{"payload":"p"}}""")).AssertRefused(401, 105);
        using var renewed = new SynctoClient(servers.Address, servers.Accounts.Signed(user.Name, 2_000), new string('d', 32));
        Assert.Empty((await renewed.GetAsync(renewed.Records())).RecordIds());
    }

    [Fact]
    public async Task User_WhoWasEnded_GetsNothing()
    {
        using var user = await servers.NewUserAsync();
        (await user.Syncto.GetAsync(user.Syncto.Records())).AssertStatus(200);

        var store = (await servers.Tokens.Assignments.FindAsync(servers.Tokens.User(user.Name), default))[0];
        Assert.True(await servers.Tokens.Assignments.EndAsync(store, retire: true, new Core.Time.ServerTimestamp(1), default));

        (await user.Syncto.GetAsync(user.Syncto.Records())).AssertRefused(401, 105);
        (await user.Syncto.GetAsync(OfAll, ("X-KeyID", TokenServers.Key(1_000, user.State)))).AssertRefused(401, 105);
    }

    [Fact]
    public async Task Token_IsTakenUntilItEnds_AndNotLonger_ThoughItIsRemembered()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var timed = await SynctoServers.StartAsync(time: time);
        try
        {
            using var user = await timed.NewUserAsync();
            using var brief = new SynctoClient(timed.Address, timed.Accounts.Signed(user.Name, 1_000, claims => claims["exp"] = time.GetUtcNow().ToUnixTimeSeconds() + 30), user.State);
            (await brief.GetAsync(brief.Records())).AssertStatus(200);

            // As TokenServer, which takes clocks to differ by a minute.
            time.Advance(TimeSpan.FromSeconds(89));
            (await brief.GetAsync(brief.Records())).AssertStatus(200);
            time.Advance(TimeSpan.FromSeconds(2));
            (await brief.GetAsync(brief.Records())).AssertRefused(401, 105);
        }
        finally
        {
            await timed.DisposeAsync();
        }
    }

    [Fact]
    public async Task Token_ThatIsNotSigned_IsAskedForOnce_AndAgainAfterTheSetting()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var timed = await SynctoServers.StartAsync(static options => options with { CredentialsTtl = TimeSpan.FromMinutes(1) }, time);
        try
        {
            using var user = await timed.NewUserAsync();
            using var client = new SynctoClient(timed.Address, timed.Accounts.Opaque(user.Name, 1_000), user.State);
            var before = timed.Accounts.Verified;

            for (var i = 0; i < 5; i++)
            {
                (await client.PutAsync(client.Records() + "/a", """{"data":{"payload":"p"}}""")).AssertStatus(200);
            }

            Assert.Equal(before + 1, timed.Accounts.Verified);
            time.Advance(TimeSpan.FromSeconds(61));
            (await client.GetAsync(client.Records())).AssertStatus(200);
            Assert.Equal(before + 2, timed.Accounts.Verified);
        }
        finally
        {
            await timed.DisposeAsync();
        }
    }

    [Fact]
    public async Task Issuer_ThatDoesNotAnswer_Is503_WithRetryAfter()
    {
        var failing = await SynctoServers.StartAsync();
        try
        {
            using var user = await failing.NewUserAsync();
            failing.Accounts.Fault = 500;

            var answer = (await user.Syncto.GetAsync(user.Syncto.Records(), ("Authorization", "Bearer " + new string('0', 64)))).AssertRefused(503, 201);

            Assert.Equal("30", answer.Headers["Retry-After"]);
        }
        finally
        {
            await failing.DisposeAsync();
        }
    }
}
