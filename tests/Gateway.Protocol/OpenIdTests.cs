using System.Diagnostics;
using System.Text.Json.Nodes;
using Lockstep.Gateway.Kinto;
using System.Security.Cryptography;
using Lockstep.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>Who comes in with a token of somebody else, and as whom.</summary>
public sealed class OpenIdTests(OpenIdServer fixture) : IClassFixture<OpenIdServer>
{
    private static readonly RSA Stranger = RSA.Create(2048);

    private static int buckets;

    private static string NewBucket() => $"/buckets/openid{Interlocked.Increment(ref buckets)}-{Guid.NewGuid():N}";

    private static readonly Dictionary<string, Func<OpenIdIssuer, string>> Bad = new(StringComparer.Ordinal)
    {
        ["another issuer"] = static issuer => issuer.Signed("alice", static claims => claims["iss"] = "https://other.example.org"),
        ["the issuer with a slash more"] = static issuer => issuer.Signed("alice", static claims => claims["iss"] = claims["iss"] + "/"),
        ["no issuer"] = static issuer => issuer.Signed("alice", static claims => claims["iss"] = null),
        ["another audience"] = static issuer => issuer.Signed("alice", static claims => claims["aud"] = "other"),
        ["no audience"] = static issuer => issuer.Signed("alice", static claims => claims["aud"] = null),
        ["an audience in another case"] = static issuer => issuer.Signed("alice", static claims => claims["aud"] = "Kinto"),
        ["expired"] = static issuer => issuer.Signed("alice", static claims => claims["exp"] = claims["iat"]!.GetValue<long>() - 61),
        ["no end"] = static issuer => issuer.Signed("alice", static claims => claims["exp"] = null),
        ["an end that is a text"] = static issuer => issuer.Signed("alice", static claims => claims["exp"] = "9999999999"),
        ["not yet"] = static issuer => issuer.Signed("alice", static claims => claims["nbf"] = claims["iat"]!.GetValue<long>() + 120),
        ["a beginning that is a text"] = static issuer => issuer.Signed("alice", static claims => claims["nbf"] = "0"),
        ["algorithm none"] = static issuer => issuer.Signed("alice", header: static header => header["alg"] = "none"),
        ["algorithm none with a signature"] = static issuer => issuer.Signed("alice", header: static header => header["alg"] = "nOnE"),
        ["HMAC by the public key"] = static issuer => issuer.Signed("alice", header: static header => header["alg"] = "HS256"),
        ["an algorithm that is not listed"] = static issuer => issuer.Signed("alice", header: static header => header["alg"] = "PS256"),
        ["no algorithm"] = static issuer => issuer.Signed("alice", header: static header => header["alg"] = null),
        ["RS256 named RS512"] = static issuer => issuer.Signed("alice", header: static header => header["alg"] = "RS512"),
        ["a stranger's key"] = static issuer => issuer.Signed("alice", key: Stranger),
        ["a stranger's key of a kid that is not known"] = static issuer => issuer.Signed("alice", header: static header => header["kid"] = "new", key: Stranger),
        ["a key of its own in the header"] = static issuer => issuer.Signed("alice", header: static header => header["jku"] = "http://127.0.0.1:9/jwks", key: Stranger),
        ["a signature cut off"] = static issuer => issuer.Signed("alice")[..^4],
        ["no signature"] = static issuer => issuer.Signed("alice") is var token ? token[..(token.LastIndexOf('.') + 1)] : "",
        ["other claims than signed"] = static issuer => string.Join('.', issuer.Signed("alice").Split('.')[0], issuer.Signed("mallory").Split('.')[1], issuer.Signed("alice").Split('.')[2]),
        ["no subject"] = static issuer => issuer.Signed("alice", static claims => claims["sub"] = null),
        ["an empty subject"] = static issuer => issuer.Signed(""),
        ["a subject that is a number"] = static issuer => issuer.Signed("alice", static claims => claims["sub"] = 7),
        ["a subject with a line in it"] = static issuer => issuer.Signed("alice\nbob"),
        ["a subject that is too long"] = static issuer => issuer.Signed(new string('a', 256)),
        ["an ID token"] = static issuer => issuer.Signed("alice", static claims => claims["at_hash"] = "abc", static header => header["typ"] = "JWT"),
        ["an ID token for this audience"] = static issuer => issuer.Signed("alice", static claims => claims["scope"] = null, static header => header["typ"] = "JWT"),
        ["an ID token as Keycloak marks it"] = static issuer => issuer.Signed("alice", static claims => claims["typ"] = "ID"),
        ["a logout token"] = static issuer => issuer.Signed("alice", static claims => claims["events"] = new JsonObject(), static header => header["typ"] = "logout+jwt"),
        ["a token that is bound to a key"] = static issuer => issuer.Signed("alice", static claims => claims["cnf"] = new JsonObject { ["jkt"] = "abc" }),
        ["a header that asks for more"] = static issuer => issuer.Signed("alice", header: static header => (header["crit"], header["exp"]) = (new JsonArray("exp"), 1)),
        ["a huge token"] = static issuer => issuer.Signed("alice", static claims => claims["more"] = new string('a', 20_000)),
        ["an opaque one that is not known"] = static _ => "abcdefghijklmnopqrstuvwxyz",
        ["an opaque one of another audience"] = static issuer => issuer.Opaque("alice", static says => says["aud"] = "other"),
        ["an opaque one that says no audience"] = static issuer => issuer.Opaque("alice", static says => says["aud"] = null),
        ["an opaque one that has ended"] = static issuer => issuer.Opaque("alice", static says => says["exp"] = 1),
        ["an opaque one that is not active"] = static issuer => issuer.Opaque("alice", static says => says["active"] = "true"),
        ["an opaque one of another issuer"] = static issuer => issuer.Opaque("alice", static says => says["iss"] = "https://other.example.org"),
        ["an opaque one without a subject"] = static issuer => issuer.Opaque("alice", static says => says["sub"] = null),
        ["a refresh token"] = static issuer => issuer.Opaque("alice", static says => says["typ"] = "Refresh"),
        ["what no token has"] = static issuer => issuer.Signed("alice") + ",x",
        ["nothing"] = static _ => "",
    };

    public static TheoryData<string> BadTokens => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task Token_ThatIsNotGood_OpensNothing_AndIsTold401WithTheWords(string kind)
    {
        using var client = fixture.With(Bad[kind](fixture.Corp));

        var answer = await client.GetAsync("/buckets/default");

        answer.AssertError(401, KintoErrno.MissingAuthToken);
        Assert.Equal("Basic realm=\"Realm\", Bearer realm=\"Realm\", Bearer+Mail realm=\"Realm\"", answer.Headers["WWW-Authenticate"]);
        Assert.False((await client.GetAsync("/")).Json.TryGetProperty("user", out _));
    }

    [Theory]
    [InlineData(false, "at+jwt", null)]
    [InlineData(false, "JWT", "Bearer")]
    [InlineData(false, "application/at+jwt", null)]
    [InlineData(true, null, null)]
    public async Task Token_Signed_OpensTheBucketOfItsUser(bool isEc, string? type, string? typ)
    {
        using var client = fixture.With(fixture.Corp.Signed("user-1", claims => claims["typ"] = typ, header => header["typ"] = type, isEc: isEc));

        var root = (await client.GetAsync("/")).Json.GetProperty("user");

        Assert.Equal("corp:user-1", root.GetProperty("id").GetString());
        Assert.Equal("Somebody", root.GetProperty("profile").GetProperty("name").GetString());
        Assert.Contains((await client.PutAsync(KintoClient.Records + "/r", """{"data":{"n":1}}""")).Status, new[] { 200, 201 });
        Assert.Equal("corp:user-1", (await client.GetAsync(KintoClient.Records + "/r")).Json.GetProperty("permissions").GetProperty("write")[0].GetString());
        Assert.Equal(root.GetProperty("bucket").GetString(), (await client.GetAsync("/buckets/default")).Data.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Token_Opaque_OpensTheBucketOfItsUser_TheSameAsASignedOne()
    {
        using var signed = fixture.With(fixture.Corp.Signed("user-2"));
        using var opaque = fixture.With(fixture.Corp.Opaque("user-2"), "bearer");
        Assert.Equal(201, (await signed.PutAsync(KintoClient.Records + "/r", """{"data":{"n":1}}""")).Status);

        Assert.Equal(1, (await opaque.GetAsync(KintoClient.Records + "/r")).Data.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task Token_OfAProviderByMail_IsTakenBehindItsOwnWord_AndIsNobodysElse()
    {
        var (good, unverified, elsewhere) = (
            fixture.Mail.Opaque("carol"), fixture.Mail.Opaque("carol", static says => says["email_verified"] = false), fixture.Mail.Opaque("carol", static says => says["email"] = "carol@example.com"));
        using var client = fixture.With(good, "Bearer+Mail");

        Assert.Equal("mail:carol@example.org", (await client.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString());
        foreach (var (token, word) in new[] { (good, "Bearer"), (unverified, "Bearer+Mail"), (elsewhere, "Bearer+Mail"), (fixture.Corp.Signed("alice"), "Bearer+Mail") })
        {
            using var other = fixture.With(token, word);
            (await other.GetAsync("/buckets/default")).AssertError(401, KintoErrno.MissingAuthToken);
        }
    }

    [Fact]
    public async Task Provider_ThatDoesNotAnswer_Is503ForItsTokens_AndHoldsUpNobodyElse()
    {
        using var away = fixture.With(fixture.Corp.Signed("alice", static claims => claims["iss"] = "http://127.0.0.1:9"));
        using var anonymous = fixture.Server.Anonymous();
        using var other = fixture.With(fixture.Corp.Signed("alice"));

        var answer = await away.GetAsync("/buckets/default");

        answer.AssertError(503, KintoErrno.Backend);
        Assert.True(answer.Headers.ContainsKey("Retry-After"));
        (await anonymous.GetAsync("/openid/away/login?scope=openid&callback=" + Uri.EscapeDataString(OpenIdServer.Callback + "#t="))).AssertError(503, KintoErrno.Backend);
        Assert.Equal(200, (await anonymous.GetAsync("/")).Status);
        Assert.Equal(200, (await other.GetAsync("/buckets/default")).Status);
    }

    [Fact]
    public async Task Users_OfAProvider_ShareAsAccountsDo()
    {
        using var alice = fixture.With(fixture.Corp.Signed("a-1"));
        using var bob = fixture.With(fixture.Corp.Opaque("b/2 ü#7"));
        using var carol = await fixture.Server.NewUserAsync();
        const string bobId = "corp:b/2 ü#7";
        var bucket = NewBucket();
        var records = bucket + "/collections/c/records";
        Assert.Equal(201, (await alice.PutAsync(bucket, "{}")).Status);
        Assert.Equal("corp:a-1", (await alice.GetAsync(bucket)).Json.GetProperty("permissions").GetProperty("write")[0].GetString());
        await alice.PutAsync(bucket + "/collections/c", "{}");
        await alice.PutAsync(records + "/his", $$$"""{"data":{"n":1},"permissions":{"read":["{{{bobId}}}"]}}""");
        await alice.PutAsync(records + "/hers", """{"data":{"n":2}}""");

        // A part of a list, and what names him.
        Assert.Equal(["his"], (await bob.GetAsync(records)).Ids);
        Assert.Equal("1", (await bob.SendAsync("HEAD", records)).Headers["Total-Objects"]);
        (await bob.GetAsync(records + "/hers")).AssertError(403, KintoErrno.Forbidden);
        Assert.Contains((await bob.GetAsync("/permissions")).Json.GetProperty("data").EnumerateArray(), entry => entry.GetProperty("uri").GetString() == records + "/his");
        (await carol.GetAsync(records)).AssertError(403, KintoErrno.Forbidden);

        // A group has both kinds.
        var carolId = (await carol.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString();
        Assert.Equal(201, (await alice.PutAsync(bucket + "/groups/g", $$$"""{"data":{"members":["{{{bobId}}}","{{{carolId}}}"]}}""")).Status);
        Assert.Equal(200, (await alice.SendAsync("PATCH", bucket + "/collections/c", $$$"""{"permissions":{"write":["{{{bucket}}}/groups/g"]}}""")).Status);
        Assert.Equal(200, (await bob.PutAsync(records + "/hers", """{"data":{"n":3}}""")).Status);
        Assert.Equal(200, (await carol.PutAsync(records + "/hers", """{"data":{"n":4}}""")).Status);
        await alice.PutAsync(bucket + "/groups/g", """{"data":{"members":[]}}""");
        (await bob.PutAsync(records + "/other", """{"data":{}}""")).AssertError(403, KintoErrno.Forbidden);

        // The other way round, and in a batch with the credentials of another kind.
        var hers = NewBucket();
        await carol.PutAsync(hers, """{"permissions":{"read":["corp:a-1"]}}""");
        Assert.Equal(200, (await alice.GetAsync(hers)).Status);
        Assert.Contains(hers["/buckets/".Length..], (await alice.GetAsync("/buckets")).Ids);
        var batch = await carol.PostAsync("/batch", $$$"""{"requests":[{"path":"{{{bucket}}}","headers":{"Authorization":"Bearer {{{fixture.Corp.Signed("a-1")}}}"}},{"path":"{{{bucket}}}"},{"path":"/openid/corp/login"},{"path":"/openid/corp/token"},{"path":"{{{bucket}}}","headers":{"Authorization":"Bearer x"}}]}""");
        Assert.Equal([200, 403, 404, 404, 401], batch.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal("Basic realm=\"Realm\", Bearer realm=\"Realm\", Bearer+Mail realm=\"Realm\"", batch.Json.GetProperty("responses")[4].GetProperty("headers").GetProperty("WWW-Authenticate").GetString());
    }

    [Fact]
    public async Task User_OfAProvider_IsNoAccount_AndNoAdministrator()
    {
        using var mallory = fixture.With(fixture.Corp.Signed("admin"));
        using var account = fixture.Server.As("admin", "s3cr3t");

        (await mallory.GetAsync("/accounts/admin")).AssertError(403, KintoErrno.Forbidden);
        (await mallory.SendAsync("PATCH", "/accounts/admin", """{"data":{"password":"an0ther"}}""")).AssertError(403, KintoErrno.Forbidden);
        (await mallory.DeleteAsync("/accounts/admin")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(400, (await mallory.GetAsync("/accounts/corp:admin")).Status);
        (await mallory.GetAsync("/accounts")).AssertError(403, KintoErrno.Forbidden);
        (await mallory.DeleteAsync("/__user_data__/corp:admin")).AssertError(403, KintoErrno.Forbidden);
        Assert.NotEqual(
            (await account.GetAsync("/buckets/default")).Data.GetProperty("id").GetString(), (await mallory.GetAsync("/buckets/default")).Data.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Administrator_DeletesWhatAUserOfAProviderHas_AndNothingElse()
    {
        using var doomed = fixture.With(fixture.Corp.Signed("doomed/1"));
        using var other = fixture.With(fixture.Corp.Signed("doomed/12"));
        using var admin = fixture.Server.As("admin", "s3cr3t");
        var (bucket, others) = (NewBucket(), NewBucket());
        foreach (var (client, path) in new[] { (doomed, bucket), (other, others) })
        {
            Assert.Equal(201, (await client.PutAsync(path, """{"permissions":{"read":["system.Everyone"]}}""")).Status);
            Assert.Equal(201, (await client.PutAsync(KintoClient.Records + "/r", """{"data":{}}""")).Status);
        }

        (await other.DeleteAsync("/__user_data__/corp%3Adoomed%2F1")).AssertError(403, KintoErrno.Forbidden);
        (await fixture.Server.Anonymous().DeleteAsync("/__user_data__/corp%3Adoomed%2F1")).AssertError(401, KintoErrno.MissingAuthToken);
        var answer = await admin.DeleteAsync("/__user_data__/corp%3Adoomed%2F1");

        Assert.Equal(200, answer.Status);
        Assert.Equal("corp:doomed/1", answer.Data.GetProperty("principal").GetString());
        Assert.Empty((await doomed.GetAsync(KintoClient.Records)).Ids);
        Assert.Empty((await doomed.GetAsync("/buckets?_limit=10&in_id=" + bucket["/buckets/".Length..])).Ids);
        Assert.Equal(["r"], (await other.GetAsync(KintoClient.Records)).Ids);
        Assert.Equal(200, (await other.GetAsync(others)).Status);
        foreach (var principal in new[] { "account:admin", "nobody", "system.Everyone", "%2Fbuckets%2Fa%2Fgroups%2Fb" })
        {
            (await admin.DeleteAsync("/__user_data__/" + principal)).AssertError(400, KintoErrno.InvalidParameters);
        }
    }

    [Fact]
    public async Task Root_NamesTheProvidersThatPeopleCanSignInAt()
    {
        using var user = fixture.With(fixture.Corp.Signed("alice"));
        await user.GetAsync("/buckets/default");

        var openId = (await user.GetAsync("/")).Json.GetProperty("capabilities").GetProperty("openid");

        var corp = openId.GetProperty("providers")[0];
        Assert.Equal(["corp", "mail", "away"], openId.GetProperty("providers").EnumerateArray().Select(static provider => provider.GetProperty("name").GetString()!));
        Assert.Equal("/openid/corp/login", corp.GetProperty("auth_path").GetString());
        Assert.Equal(
            (OpenIdIssuer.ClientId, fixture.Corp.Url, "kinto", "Bearer", fixture.Corp.Url + "/userinfo"),
            (corp.GetProperty("client_id").GetString(), corp.GetProperty("issuer").GetString(), corp.GetProperty("audience").GetString(), corp.GetProperty("header_type").GetString(), corp.GetProperty("userinfo_endpoint").GetString()));
    }

    [Fact]
    public async Task Server_WithoutProviders_TakesNothingAndHasNoneOfIt()
    {
        await using var plain = new PlainServer(await KintoServer.StartAsync());
        using var client = new KintoClient(plain.Server.Address, "Bearer " + fixture.Corp.Signed("alice"));

        var answer = await client.GetAsync("/buckets/default");

        answer.AssertError(401, KintoErrno.MissingAuthToken);
        Assert.Equal("Basic realm=\"Realm\"", answer.Headers["WWW-Authenticate"]);
        Assert.False((await client.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("openid", out _));
        (await client.GetAsync("/openid/corp/login?scope=openid&callback=http://localhost/%23")).AssertError(404, KintoErrno.MissingResource);
        (await client.GetAsync("/openid/corp/token?code=a&state=b")).AssertError(404, KintoErrno.MissingResource);
    }

    [Fact]
    public async Task Tokens_AreNeverLogged()
    {
        using var watch = LogWatch.On(fixture.Server.Services);
        var (good, bad, opaque) = (fixture.Corp.Signed("alice"), fixture.Corp.Signed("alice", key: Stranger), fixture.Corp.Opaque("alice"));
        foreach (var token in new[] { good, bad, opaque, opaque[..^2] })
        {
            using var client = fixture.With(token);
            await client.GetAsync("/buckets/default");
        }

        Assert.Contains(watch.Above(Microsoft.Extensions.Logging.LogLevel.Trace), static line => line.Contains("was refused", StringComparison.Ordinal));
        Assert.DoesNotContain(watch.Above(Microsoft.Extensions.Logging.LogLevel.Trace), line =>
            new[] { good, bad, opaque }.Any(token => line.Contains(token.Split('.')[^1][..20], StringComparison.Ordinal)));
    }

    private sealed class PlainServer(KintoServer server) : IAsyncDisposable
    {
        public KintoServer Server => server;

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
