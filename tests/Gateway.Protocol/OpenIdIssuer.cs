using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// A provider of these tests' own: publishes what OpenID Connect has it publish, signs tokens, right ones and others, says whose opaque ones
/// are, and trades codes. It can fail and hang.
/// </summary>
internal sealed class OpenIdIssuer : IAsyncDisposable
{
    public const string Audience = "kinto";
    public const string ClientId = "kinto client";
    public const string Secret = "s3cr3t:+ of it";

    // Making one takes long.
    private static readonly RSA First = RSA.Create(2048);

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, JsonObject> opaque = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Challenge, string RedirectUri)> codes = new(StringComparer.Ordinal);
    private int asked;
    private int keysRead;
    private int discovered;

    private OpenIdIssuer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    public RSA Key { get; set; } = First;

    public ECDsa EcKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>How often it was asked of an opaque token.</summary>
    public int Asked => Volatile.Read(ref asked);

    public int KeysRead => Volatile.Read(ref keysRead);

    public int Discovered => Volatile.Read(ref discovered);

    /// <summary>What it answers instead of anything; 0 for what it should.</summary>
    public int Fault { get; set; }

    /// <summary>What its discovery document says of itself; null for the truth.</summary>
    public string? FalseName { get; set; }

    /// <summary>What it says to a code; null for tokens.</summary>
    public (int Status, string Body)? Trade { get; set; }

    /// <summary>Answers nothing until it is set.</summary>
    public TaskCompletionSource? Hanging { get; set; }

    public static async Task<OpenIdIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var web = builder.Build();
        web.Urls.Add("http://127.0.0.1:0");
        var issuer = new OpenIdIssuer(web);
        web.MapGet("/.well-known/openid-configuration", context =>
        {
            Interlocked.Increment(ref issuer.discovered);
            return issuer.AnswerAsync(context, () => (200, issuer.Metadata()));
        });
        web.MapGet("/jwks", context =>
        {
            Interlocked.Increment(ref issuer.keysRead);
            return issuer.AnswerAsync(context, () => (200, issuer.Published()));
        });
        web.MapGet("/userinfo", context =>
        {
            Interlocked.Increment(ref issuer.asked);
            var token = context.Request.Headers.Authorization.ToString()["Bearer ".Length..];
            return issuer.AnswerAsync(context, () => issuer.opaque.TryGetValue(token, out var says) ? (200, says.ToJsonString()) : (401, "{}"));
        });
        web.MapPost("/introspect", async context =>
        {
            Interlocked.Increment(ref issuer.asked);
            var form = await context.Request.ReadFormAsync();
            await issuer.AnswerAsync(context, () => !IsClient(context, form) ? (401, "{}")
                : (200, issuer.opaque.TryGetValue(form["token"]!, out var says) ? says.ToJsonString() : """{"active":false}"""));
        });
        web.MapPost("/trade", async context =>
        {
            var form = await context.Request.ReadFormAsync();
            await issuer.AnswerAsync(context, () => issuer.Trade ?? issuer.TradeOnce(context, form));
        });
        await web.StartAsync();
        return issuer;
    }

    /// <summary>What is not signed, and what is said of it.</summary>
    public string Opaque(string subject, Action<JsonObject>? change = null)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var says = new JsonObject { ["active"] = true, ["sub"] = subject, ["client_id"] = ClientId, ["aud"] = Audience, ["email"] = $"{subject}@example.org", ["email_verified"] = true };
        Change(says, change);
        opaque[token] = says;
        return token;
    }

    public void Revoke(string token) => opaque.TryRemove(token, out _);

    /// <summary>A signed token. A change takes a claim away by setting it to null.</summary>
    public string Signed(string subject, Action<JsonObject>? change = null, Action<JsonObject>? header = null, RSA? key = null, bool isEc = false, DateTimeOffset? now = null)
    {
        var seconds = (now ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        var claims = new JsonObject { ["iss"] = Url, ["sub"] = subject, ["aud"] = new JsonArray("other", Audience), ["exp"] = seconds + 300, ["iat"] = seconds, ["scope"] = "openid email", ["name"] = "Somebody" };
        Change(claims, change);
        var head = new JsonObject { ["alg"] = isEc ? "ES256" : "RS256", ["typ"] = "at+jwt", ["kid"] = "first" };
        Change(head, header);
        var text = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(head.ToJsonString()))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        var bytes = Encoding.ASCII.GetBytes(text);
        var signature = head["alg"]?.GetValue<string>() switch
        {
            "none" => [],
            // By the public key, as if that were a secret.
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(Key.ExportSubjectPublicKeyInfoPem()), bytes),
            "ES256" => EcKey.SignData(bytes, HashAlgorithmName.SHA256),
            "PS256" => (key ?? Key).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            _ => (key ?? Key).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Somebody has signed in at the URL to which they were led.</summary>
    /// <returns>The query with which they are led back.</returns>
    public string SignIn(Uri location)
    {
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(location.Query);
        Assert.Equal(["code", "S256", ClientId], new[] { query["response_type"], query["code_challenge_method"], query["client_id"] }.Select(static value => value.ToString()));
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        codes[code] = (query["code_challenge"]!, query["redirect_uri"]!);
        return $"code={code}&state={query["state"]}&iss={Uri.EscapeDataString(Url)}";
    }

    public ValueTask DisposeAsync()
    {
        Hanging?.TrySetResult();
        return app.DisposeAsync();
    }

    private static void Change(JsonObject members, Action<JsonObject>? change)
    {
        change?.Invoke(members);
        foreach (var absent in members.Where(static member => member.Value is null).Select(static member => member.Key).ToList())
        {
            members.Remove(absent);
        }
    }

    private static bool IsClient(HttpContext context, IFormCollection form)
    {
        if (form.TryGetValue("client_id", out var id))
        {
            return id == ClientId && form["client_secret"] == Secret;
        }

        var header = AuthenticationHeaderValue.Parse(context.Request.Headers.Authorization!);
        var parts = Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter!)).Split(':').Select(static part => Uri.UnescapeDataString(part.Replace('+', ' '))).ToArray();
        return header.Scheme == "Basic" && parts is [ClientId, Secret];
    }

    private (int, string) TradeOnce(HttpContext context, IFormCollection form) => IsClient(context, form)
        && form["grant_type"] == "authorization_code" && codes.TryRemove(form["code"]!, out var granted) && granted.RedirectUri == form["redirect_uri"]
        && granted.Challenge == Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]!)))
            ? (200, new JsonObject { ["access_token"] = Signed("alice"), ["token_type"] = "Bearer", ["expires_in"] = 300, ["id_token"] = "of???", ["refresh_token"] = "stays" }.ToJsonString())
            : (400, """{"error":"invalid_grant","error_description":"no such code"}""");

    private string Metadata() => new JsonObject
    {
        ["issuer"] = FalseName ?? Url,
        ["jwks_uri"] = Url + "/jwks",
        ["authorization_endpoint"] = Url + "/authorize?tenant=1",
        ["token_endpoint"] = Url + "/trade",
        ["userinfo_endpoint"] = Url + "/userinfo",
        ["introspection_endpoint"] = Url + "/introspect",
        ["authorization_response_iss_parameter_supported"] = true,
    }.ToJsonString();

    private string Published()
    {
        var (rsa, ec) = (Key.ExportParameters(false), EcKey.ExportParameters(false));
        return new JsonObject
        {
            ["keys"] = new JsonArray(
                new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" },
                new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(ec.Q.X!), ["y"] = Base64Url.EncodeToString(ec.Q.X!) },
                new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["kid"] = "first", ["n"] = Base64Url.EncodeToString(rsa.Modulus!), ["e"] = Base64Url.EncodeToString(rsa.Exponent!) },
                new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = "ec", ["x"] = Base64Url.EncodeToString(ec.Q.X!), ["y"] = Base64Url.EncodeToString(ec.Q.Y!) }),
        }.ToJsonString();
    }

    private async Task AnswerAsync(HttpContext context, Func<(int Status, string Body)> answer)
    {
        if (Hanging is { } hanging)
        {
            await hanging.Task;
        }

        var (status, body) = Fault != 0 ? (Fault, "{}") : answer();
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }
}
