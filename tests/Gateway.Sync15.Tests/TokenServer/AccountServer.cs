using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lockstep.Gateway.Sync15.TokenServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>
/// An account server of these tests' own: gives out tokens, publishes the keys they are signed with, and says of a token whose it is. It can
/// fail, hang, and give keys that are none.
/// </summary>
public sealed class AccountServer : IAsyncDisposable
{
    // Making one takes long.
    private static readonly RsaSecurityKey First = NewKey();

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, string> opaque = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private int verified;
    private int keysRead;
    private RsaSecurityKey signing = First;

    private AccountServer(WebApplication app, TimeProvider time) => (this.app, this.time) = (app, time);

    public string Url => app.Urls.First();

    public string Name { get; init; } = "https://accounts.example.org";

    /// <summary>How often it was asked of a token.</summary>
    public int Verified => Volatile.Read(ref verified);

    public int KeysRead => Volatile.Read(ref keysRead);

    /// <summary>What it publishes; null for the key that signs, beside one that cannot be read.</summary>
    public string? Keys { get; set; }

    /// <summary>What it answers instead of anything; 0 for what it should.</summary>
    public int Fault { get; set; }

    /// <summary>Answers nothing until it is set.</summary>
    public TaskCompletionSource? Hanging { get; set; }

    public static async Task<AccountServer> StartAsync(TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var web = builder.Build();
        web.Urls.Add("http://127.0.0.1:0");
        var server = new AccountServer(web, time);
        web.MapGet("/v1/jwks", async context =>
        {
            Interlocked.Increment(ref server.keysRead);
            await server.AnswerAsync(context, () => (200, server.Keys ?? server.Published(server.signing)));
        });
        web.MapPost("/v1/verify", async context =>
        {
            Interlocked.Increment(ref server.verified);
            var token = (await JsonNode.ParseAsync(context.Request.Body))!["token"]!.GetValue<string>();
            await server.AnswerAsync(context, () => server.opaque.TryGetValue(token, out var answer) ? (200, answer) : (400, """{"code":400,"errno":108}"""));
        });
        await web.StartAsync();
        return server;
    }

    internal IssuerOptions ByKeys() => new() { Name = Name, JwksUrl = Url + "/v1/jwks" };

    internal IssuerOptions ByAsking() => new() { Name = Name, VerifyUrl = Url + "/v1/verify" };

    internal IssuerOptions Both() => new() { Name = Name, JwksUrl = Url + "/v1/jwks", VerifyUrl = Url + "/v1/verify" };

    /// <summary>A token that says nothing.</summary>
    public string Opaque(string user, long generation = 0, string? email = null)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var answer = new JsonObject { ["user"] = user, ["client_id"] = "5882386c6d801776", ["scope"] = new JsonArray("profile", TokenClaims.Scope) };
        if (generation > 0)
        {
            answer["generation"] = generation;
        }

        if (email is not null)
        {
            (answer["email"], answer["email_verified"]) = (email, true);
        }

        Say(token, answer.ToJsonString());
        return token;
    }

    /// <summary>What it answers for a token.</summary>
    public void Say(string token, string answer) => opaque[token] = answer;

    /// <summary>A signed token. A change takes a claim away by setting it to null.</summary>
    public string Signed(string user, long generation = 0, Action<JsonObject>? change = null, string type = "at+jwt", RsaSecurityKey? key = null)
    {
        var claims = new JsonObject
        {
            ["iss"] = Name,
            ["sub"] = user,
            ["scope"] = $"profile {TokenClaims.Scope}",
            ["client_id"] = "5882386c6d801776",
            ["exp"] = time.GetUtcNow().ToUnixTimeSeconds() + 3600,
        };
        if (generation > 0)
        {
            claims["fxa-generation"] = generation;
        }

        change?.Invoke(claims);
        foreach (var absent in claims.Where(static claim => claim.Value is null).Select(static claim => claim.Key).ToList())
        {
            claims.Remove(absent);
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            claims.ToJsonString(), new SigningCredentials(key ?? signing, SecurityAlgorithms.RsaSha256), new Dictionary<string, object>(StringComparer.Ordinal) { ["typ"] = type });
    }

    /// <summary>Signs with another key from now on.</summary>
    public void Rotate() => signing = NewKey();

    public string Published(params IEnumerable<RsaSecurityKey> keys) => JsonSerializer.Serialize(new
    {
        keys = keys.Append(signing).Distinct().Select(key => (object)new
        {
            kty = "RSA",
            alg = "RS256",
            kid = "the same",
            use = "sig",
            n = Base64UrlEncoder.Encode(key.Rsa.ExportParameters(false).Modulus),
            e = Base64UrlEncoder.Encode(key.Rsa.ExportParameters(false).Exponent),
        }).Prepend(new { fake = "RSA key" }),
    });

    /// <summary>A key that is nobody's.</summary>
    public static RsaSecurityKey Another { get; } = NewKey();

    private static RsaSecurityKey NewKey() => new(RSA.Create(2048)) { KeyId = "the same" };

    public async ValueTask DisposeAsync()
    {
        Hanging?.TrySetResult();
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, Func<(int Status, string Body)> answer)
    {
        if (Hanging is { } hanging)
        {
            await hanging.Task.WaitAsync(context.RequestAborted);
        }

        var (status, body) = Fault > 0 ? (Fault, "{}") : answer();
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }
}
