using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Sends users to a provider and back to an application, with a token that opens the server (RFC 6749, 4.1, with PKCE). The browser that comes back must be
/// the one that went. It keeps the login sealed in a cookie, so that the server only keeps which logins have ended.
/// </summary>
public sealed class OpenIdLogins(OpenIdProviders providers, OpenIdOptions options, AccountSecret secret, TimeProvider time)
{
    /// <summary>Characters of a callback: all of a login has to fit into a cookie.</summary>
    public const int MaxCallbackLength = 2048;

    private const int RandomBytes = 32;

    // The fields that an application gets. A refresh token is of no use to it, and stays here.
    private static readonly string[] Told = ["access_token", "token_type", "expires_in", "scope", "id_token", "error", "error_description"];

    private readonly LoginSeal seal = new(secret);
    private readonly RefusedTokens used = new(time, options.LoginTime);

    /// <returns>Null when no provider of that name has a login.</returns>
    public OpenIdProvider? Find(string name) => providers.Find(name) is { Options.HasLogin: true } provider ? provider : null;

    /// <summary>Whether tokens may be sent to a URL. Without its fragment it must equal a URL of the settings exactly. It must have a fragment, which stays in the browser.</summary>
    public static bool IsCallback(OpenIdProvider provider, string callback)
    {
        var hash = callback.IndexOf('#', StringComparison.Ordinal);
        return hash > 0 && callback.Length <= MaxCallbackLength && callback.All(static c => c is > ' ' and <= '~')
            && provider.Options.CallbackList().Contains(callback[..hash], StringComparer.Ordinal);
    }

    /// <param name="provider">The provider to go to.</param>
    /// <param name="callback">Where to go afterwards, as <see cref="IsCallback"/> allows.</param>
    /// <param name="scope">The requested scope.</param>
    /// <param name="prompt">Null for none.</param>
    /// <param name="redirectUri">The URL that the provider leads back to.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The provider's URL, the state that it will send back, and the cookie for the browser; null when the provider's endpoint is unknown.</returns>
    public async ValueTask<(string Location, string State, string Sealed)?> BeginAsync(
        OpenIdProvider provider, string callback, string scope, string? prompt, string redirectUri, CancellationToken cancellationToken)
    {
        if (await provider.MetadataAsync(cancellationToken) is not { Authorization: { } url })
        {
            return null;
        }

        var login = new PendingLogin(Random(), Random(), callback, redirectUri, time.GetUtcNow().ToUnixTimeSeconds() + (long)options.LoginTime.TotalSeconds);
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(login.Verifier)));
        List<(string Name, string? Value)> query =
        [
            ("client_id", provider.Options.ClientId), ("response_type", "code"), ("scope", scope), ("redirect_uri", redirectUri), ("state", login.State),
            ("code_challenge", challenge), ("code_challenge_method", "S256"), ("prompt", prompt), ("audience", provider.Options.Audience),
        ];
        var text = string.Join('&', query.Where(static pair => pair.Value is { Length: > 0 }).Select(static pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
        return ($"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{text}", login.State, seal.Close(login, provider.Options.Name));
    }

    /// <summary>Finishes a login, which is possible once only. This process remembers the logins that it has seen, which saves questions; the provider accepts its code only once. ADR 18 says why that is enough.</summary>
    /// <param name="provider">The provider that led back.</param>
    /// <param name="state">The state that it sent back.</param>
    /// <param name="kept">The browser's cookie.</param>
    /// <param name="returned">The rest of the provider's response.</param>
    /// <param name="who">The client that it counts for, by its address.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<LoginOutcome> EndAsync(
        OpenIdProvider provider, string state, string kept, LoginReturn returned, string who, CancellationToken cancellationToken)
    {
        // :: Step 1: the login must be this browser's, of this provider, and in time.
        if (seal.Open(kept, provider.Options.Name) is not { } login
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(login.State), Encoding.UTF8.GetBytes(state))
            || time.GetUtcNow().ToUnixTimeSeconds() >= login.Ends || !IsCallback(provider, login.Callback))
        {
            return LoginOutcome.BadState;
        }

        // :: Step 2: take a place; without one the login can come again.
        if (!provider.TryEnter(who))
        {
            return LoginOutcome.TooMany;
        }

        try
        {
            return await EndOnceAsync(provider, login, returned, cancellationToken);
        }
        finally
        {
            provider.Leave(who);
        }
    }

    private async ValueTask<LoginOutcome> EndOnceAsync(OpenIdProvider provider, PendingLogin login, LoginReturn returned, CancellationToken cancellationToken)
    {
        // :: Step 3: it must be the first time, and the response must come from the provider itself (RFC 9207).
        if (!used.Add(RefusedTokens.DigestOf(login.State)))
        {
            return LoginOutcome.BadState;
        }

        if (returned.Issuer is { } issuer ? !string.Equals(issuer, provider.Options.Issuer, StringComparison.Ordinal) : provider.Known is { NamesItself: true })
        {
            return LoginOutcome.BadState;
        }

        // :: Step 4: pass the answer to the application, even an error.
        if (returned.Code is not { } code)
        {
            return new LoginOutcome.Ended(login.Callback, Tell(new Dictionary<string, object?>(StringComparer.Ordinal) { ["error"] = returned.Error, ["error_description"] = returned.Description }));
        }

        return await provider.TradeAsync(code, login.Verifier, login.RedirectUri, cancellationToken) is ({ } status, var body) && (int)status is >= 200 and < 500 and not 429 && Read(body) is { } told
            ? new LoginOutcome.Ended(login.Callback, told)
            : LoginOutcome.NoAnswer;
    }

    /// <returns>Null when it is neither tokens nor an error.</returns>
    private static byte[]? Read(byte[] body)
    {
        try
        {
            using var document = JsonText.Parse(body);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && (Claims.Text(root, "access_token") is not null || Claims.Text(root, "error") is not null)
                ? Tell(Told.Where(name => root.TryGetProperty(name, out _)).ToDictionary(static name => name, name => (object?)root.GetProperty(name), StringComparer.Ordinal))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[] Tell(Dictionary<string, object?> members) =>
        JsonSerializer.SerializeToUtf8Bytes(members.Where(static member => member.Value is not null).ToDictionary(static member => member.Key, static member => member.Value, StringComparer.Ordinal));

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
}
