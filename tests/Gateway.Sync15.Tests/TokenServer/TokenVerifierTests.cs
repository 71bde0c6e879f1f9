using System.Text.Json.Nodes;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Whose an access token is.</summary>
public sealed class TokenVerifierTests : IAsyncLifetime
{
    private readonly FakeTime time = new(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
    private readonly List<OtherServerClient> clients = [];
    private AccountServer server = null!;

    public async Task InitializeAsync() => server = await AccountServer.StartAsync(time);

    public async Task DisposeAsync()
    {
        clients.ForEach(static client => client.Dispose());
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("at+jwt")]
    [InlineData("AT+JWT")]
    [InlineData("application/at+jwt")]
    public async Task Token_SignedByTheIssuer_IsTheUsers(string type) => Assert.Equal(
        new VerifiedUser(new UserIdentity(server.Name, "a1b2"), 17, null),
        await AcceptedAsync(Verifier(server.ByKeys()), server.Signed("a1b2", 17, type: type)));

    public static TheoryData<string, string, string?> BadClaims => new()
    {
        { "another issuer", "iss", "\"https://accounts.example.com\"" },
        { "no issuer", "iss", null },
        { "issuer is no text", "iss", "1" },
        { "no user", "sub", null },
        { "user is empty", "sub", "\"\"" },
        { "user has a line break", "sub", "\"a\\nb\"" },
        { "no scope", "scope", null },
        { "another scope", "scope", "\"profile\"" },
        { "a longer scope", "scope", "\"https://identity.mozilla.com/apps/oldsyncx\"" },
        { "no end", "exp", null },
        { "ended long ago", "exp", "1" },
        { "end is a text", "exp", "\"99999999999\"" },
        { "generation is a text", "fxa-generation", "\"7\"" },
        { "generation below zero", "fxa-generation", "-1" },
        { "generation that ends a user", "fxa-generation", "9223372036854775807" },
    };

    [Theory]
    [MemberData(nameof(BadClaims))]
    public async Task Token_WithABadClaim_IsRefused(string why, string name, string? json)
    {
        var token = server.Signed("a1b2", 17, claims => claims[name] = json is null ? null : JsonNode.Parse(json));

        Assert.True(await VerifyAsync(Verifier(server.ByKeys()), token) is TokenVerdict.Refused, why);
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData("at+jwtx")]
    [InlineData("")]
    public async Task Token_OfAnotherType_IsRefused(string type) =>
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(Verifier(server.ByKeys()), server.Signed("a1b2", type: type)));

    [Fact]
    public async Task Token_ThatHasEnded_IsTakenForAMinuteMore()
    {
        var verifier = Verifier(server.ByKeys());
        string Ending(int seconds) => server.Signed("a1b2", change: claims => claims["exp"] = time.GetUtcNow().ToUnixTimeSeconds() + seconds);

        await AcceptedAsync(verifier, Ending(-60));
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, Ending(-61)));
    }

    [Theory]
    [InlineData("\"x,https://identity.mozilla.com/apps/oldsync\"")]
    [InlineData("\"https://identity.mozilla.com/apps/oldsync profile\"")]
    [InlineData("[\"profile\",\"https://identity.mozilla.com/apps/oldsync\"]")]
    public async Task Scope_InAnyForm_IsFound(string scope) =>
        await AcceptedAsync(Verifier(server.ByKeys()), server.Signed("a1b2", change: claims => claims["scope"] = JsonNode.Parse(scope)));

    [Fact]
    public async Task Token_ByAnotherKeyOrAlgorithm_OrChanged_IsRefused_AndNobodyIsAsked()
    {
        var verifier = Verifier(server.Both());
        var token = server.Signed("a1b2");
        var parts = token.Split('.');
        var none = Base64UrlEncoder.Encode("""{"alg":"none","typ":"at+jwt"}""");
        var shared = Base64UrlEncoder.Encode("""{"alg":"HS256","typ":"at+jwt"}""");
        foreach (var bad in new[]
        {
            server.Signed("a1b2", key: AccountServer.Another),
            $"{parts[0]}.{parts[1]}.",
            $"{parts[0]}.{parts[1]}.AAAA",
            $"{none}.{parts[1]}.",
            $"{shared}.{parts[1]}.{parts[2]}",
            $"{parts[0]}.{Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("a1b2", "a1b3", StringComparison.Ordinal))}.{parts[2]}",
        })
        {
            Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, bad));
        }

        Assert.Equal(0, server.Verified);
        await AcceptedAsync(verifier, token);
    }

    [Fact]
    public async Task Keys_AllAreTried_AndOneThatCannotBeReadIsInNobodysWay()
    {
        server.Keys = server.Published(AccountServer.Another);

        await AcceptedAsync(Verifier(server.ByKeys()), server.Signed("a1b2"));
    }

    [Fact]
    public async Task Keys_AreReadOnce_AndAgainWhenNoneFits_OnceAMinuteAtMost()
    {
        var verifier = Verifier(server.ByKeys());
        await AcceptedAsync(verifier, server.Signed("a1b2"));
        await AcceptedAsync(verifier, server.Signed("a1b2"));
        Assert.Equal(1, server.KeysRead);

        server.Rotate();
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, server.Signed("a1b2")));
        Assert.Equal(1, server.KeysRead);

        time.Advance(TimeSpan.FromMinutes(1));
        await AcceptedAsync(verifier, server.Signed("a1b2"));
        Assert.Equal(2, server.KeysRead);
        for (var i = 0; i < 5; i++)
        {
            Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, server.Signed("a1b2", key: AccountServer.Another)));
        }

        Assert.Equal(2, server.KeysRead);
    }

    [Fact]
    public async Task Keys_ThatWereTakenBack_AreNotTakenForLongerThanAnHour()
    {
        var verifier = Verifier(server.ByKeys());
        var old = server.Signed("a1b2", change: claims => claims["exp"] = time.GetUtcNow().ToUnixTimeSeconds() + 100_000);
        await AcceptedAsync(verifier, old);
        server.Rotate();
        await AcceptedAsync(verifier, old);

        // Whoever comes then has them read again, and need not wait for it.
        time.Advance(TimeSpan.FromHours(1));
        await VerifyAsync(verifier, old);
        await AcceptedAsync(verifier, server.Signed("a1b2"));
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, old));
    }

    [Fact]
    public async Task Keys_ThatCannotBeRead_AreNoFaultOfTheToken_AndThoseOfBeforeGoOn()
    {
        var verifier = Verifier(server.ByKeys());
        server.Fault = 500;
        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(verifier, server.Signed("a1b2")));
        server.Fault = 0;
        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(verifier, server.Signed("a1b2")));
        time.Advance(TimeSpan.FromSeconds(5));
        await AcceptedAsync(verifier, server.Signed("a1b2"));

        server.Fault = 500;
        time.Advance(TimeSpan.FromHours(2));
        await AcceptedAsync(verifier, server.Signed("a1b2"));
        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(verifier, server.Signed("a1b2", key: AccountServer.Another)));
        await AcceptedAsync(verifier, server.Signed("a1b2"));
    }

    [Theory]
    [InlineData("""{"keys":[{"fake":"RSA key"}]}""")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[1,null,{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"RSA","n":"!","e":5},{"kty":"EC"}]}""")]
    public async Task Token_OfAnIssuerWithoutAKeyThatCanBeUsed_IsAskedFor(string keys)
    {
        server.Keys = keys;
        var token = server.Signed("a1b2");
        server.Say(token, $$"""{"user":"a1b2","scope":["{{TokenClaims.Scope}}"]}""");

        await AcceptedAsync(Verifier(server.Both()), token);
        Assert.Equal(1, server.Verified);
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(Verifier(server.ByKeys()), token));
    }

    [Fact]
    public async Task KeysInAFile_AreUsed_AndNothingIsRead()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, server.Published());

        await AcceptedAsync(Verifier(new IssuerOptions { Name = server.Name, KeysFile = file }), server.Signed("a1b2"));
        Assert.Equal(0, server.KeysRead);
        File.Delete(file);
    }

    [Fact]
    public async Task Issuers_HaveKeysOfTheirOwn_AndOneCannotSpeakForAnother()
    {
        await using var other = await AccountServer.StartAsync(time);
        other.Rotate();
        var mine = new IssuerOptions { Name = "https://other.example.org", JwksUrl = other.Url + "/v1/jwks" };
        var verifier = Verifier(server.ByKeys(), mine);

        Assert.Equal(new UserIdentity(mine.Name, "a1b2"), (await AcceptedAsync(verifier, other.Signed("a1b2", change: claims => claims["iss"] = mine.Name))).Identity);
        Assert.Equal(new UserIdentity(server.Name, "a1b2"), (await AcceptedAsync(verifier, server.Signed("a1b2"))).Identity);
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, other.Signed("a1b2")));
    }

    [Theory]
    [InlineData("\"sync\"", true)]
    [InlineData("[\"x\",\"sync\"]", true)]
    [InlineData("\"x\"", false)]
    [InlineData(null, false)]
    public async Task Audience_WhereOneIsSet_IsLookedFor(string? audience, bool isIn)
    {
        var token = server.Signed("a1b2", change: claims => claims["aud"] = audience is null ? null : JsonNode.Parse(audience));

        Assert.Equal(isIn, await VerifyAsync(Verifier(server.ByKeys() with { Audience = "sync" }), token) is TokenVerdict.Accepted);
        await AcceptedAsync(Verifier(server.ByKeys()), token);
    }

    [Fact]
    public async Task OpaqueToken_IsAskedFor_WithTheTextAsItIs()
    {
        var verifier = Verifier(server.ByAsking());
        const string spaced = """{"body": {"user": "x"}, "status": 200}""";
        server.Say(spaced, $$"""{"user":"c3d4","scope":["{{TokenClaims.Scope}}"],"generation":12,"email":"c@example.org"}""");

        Assert.Equal(new VerifiedUser(new UserIdentity(server.Name, "c3d4"), 12, null), await AcceptedAsync(verifier, spaced));
        Assert.Equal("d@example.org", (await AcceptedAsync(verifier, server.Opaque("d4", email: "d@example.org"))).Email);
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(Verifier(server.ByKeys()), spaced));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("nothing")]
    [InlineData("{}")]
    [InlineData("""{"user":"a"}""")]
    [InlineData("""{"user":"a","scope":["profile"]}""")]
    [InlineData("""{"user":"a","scope":["https://identity.mozilla.com/apps/oldsync"],"generation":-1}""")]
    public async Task OpaqueToken_OfWhichNothingFitIsSaid_IsRefused(string answer)
    {
        server.Say("token", answer);

        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(Verifier(server.ByAsking()), "token"));
    }

    [Fact]
    public async Task OpaqueToken_ThatIsRefused_IsNotAskedForAgainForAMinute()
    {
        var verifier = Verifier(server.ByAsking());
        for (var i = 0; i < 3; i++)
        {
            Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, "token"));
        }

        Assert.Equal(1, server.Verified);
        time.Advance(RefusedTokens.Lifetime);
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(verifier, "token"));
        Assert.Equal(2, server.Verified);
    }

    [Fact]
    public async Task AccountServer_ThatFails_IsNoFaultOfTheToken_AndIsLeftAloneForAWhile()
    {
        var verifier = Verifier(server.ByAsking());
        var token = server.Opaque("a1b2");
        server.Fault = 503;
        for (var i = 0; i < CircuitBreaker.MaxFailures + 3; i++)
        {
            Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(verifier, token));
        }

        Assert.Equal(CircuitBreaker.MaxFailures, server.Verified);
        server.Fault = 0;
        time.Advance(CircuitBreaker.Pause);
        await AcceptedAsync(verifier, token);
    }

    [Fact]
    public async Task AccountServer_ThatHangs_IsGivenUp()
    {
        var verifier = Verifier(new Sync15Options { Issuer = server.Both(), IssuerTimeout = TimeSpan.FromMilliseconds(50) });
        var (signed, opaque) = (server.Signed("a1b2"), server.Opaque("a1b2"));
        server.Hanging = new TaskCompletionSource();

        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(verifier, signed));
        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(verifier, opaque));
    }

    [Fact]
    public async Task AccountServer_ThatIsAway_IsNoFaultOfTheToken()
    {
        var gone = new IssuerOptions { Name = server.Name, VerifyUrl = "http://127.0.0.1:1/v1/verify", JwksUrl = "http://127.0.0.1:1/v1/jwks" };

        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(Verifier(gone), "token"));
        Assert.IsType<TokenVerdict.Unavailable>(await VerifyAsync(Verifier(gone), server.Signed("a1b2")));
    }

    [Fact]
    public async Task AccountServer_BehindAProxy_IsReachedThroughIt()
    {
        // The account server takes requests for others too, as a proxy gets them.
        var away = new IssuerOptions { Name = server.Name, VerifyUrl = "http://127.0.0.1:1/v1/verify", JwksUrl = "http://127.0.0.1:1/v1/jwks" };
        var verifier = Verifier(new Sync15Options { Issuer = away, Proxy = server.Url });

        await AcceptedAsync(verifier, server.Signed("a1b2"));
        await AcceptedAsync(verifier, server.Opaque("a1b2"));
        Assert.Equal((1, 1), (server.KeysRead, server.Verified));
    }

    [Fact]
    public async Task OneAddress_WithMoreThanItsPart_Waits_AndOthersDoNot()
    {
        var verifier = Verifier(server.ByAsking());
        var token = server.Opaque("a1b2");
        server.Hanging = new TaskCompletionSource();
        using var gone = new CancellationTokenSource();
        var many = Enumerable.Range(0, 100).Select(_ => verifier.VerifyAsync(token, "@one", "", gone.Token).AsTask()).ToList();

        var refused = many.Count(static task => task.IsCompleted);
        Assert.InRange(refused, 1, 99);
        var other = verifier.VerifyAsync(token, "@other", "", CancellationToken.None).AsTask();
        Assert.False(other.IsCompleted);

        server.Hanging.SetResult();
        Assert.IsType<TokenVerdict.Accepted>(await other);
        Assert.Equal(100 - refused, (await Task.WhenAll(many)).Count(static verdict => verdict is TokenVerdict.Accepted));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a.b.c")]
    [InlineData("!.!.!")]
    [InlineData("e30.e30.e30")]
    public async Task Nonsense_IsRefused(string token)
    {
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(Verifier(server.Both()), token));
        Assert.IsType<TokenVerdict.Refused>(await VerifyAsync(Verifier(server.Both()), new string('a', TokenVerifier.MaxLength + 1)));
    }

    private static async Task<VerifiedUser> AcceptedAsync(TokenVerifier verifier, string token) =>
        Assert.IsType<TokenVerdict.Accepted>(await VerifyAsync(verifier, token)).User;

    private static async Task<TokenVerdict> VerifyAsync(TokenVerifier verifier, string token) => await verifier.VerifyAsync(token, "@here", "", CancellationToken.None);

    private TokenVerifier Verifier(IssuerOptions issuer, IssuerOptions? second = null) => Verifier(new Sync15Options
    {
        Issuer = issuer,
        Issuers = new Dictionary<string, IssuerOptions>(second is null ? [] : [KeyValuePair.Create("1", second)]),
    });

    private TokenVerifier Verifier(Sync15Options options)
    {
        // Not by the tests' clock: time-outs are for real.
        var client = new OtherServerClient(options.IssuerTimeout, options.Proxy, TimeProvider.System);
        clients.Add(client);
        return new TokenVerifier(new Issuers(options, client, time, NullLogger<RemoteVerifier>.Instance), time, NullLogger<TokenVerifier>.Instance, []);
    }
}
