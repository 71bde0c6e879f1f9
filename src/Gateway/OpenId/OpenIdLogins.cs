using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Leads people to a provider and back to an application, with what opens the server (RFC 6749, 4.1, with PKCE). Who comes back has to be the
/// browser that went: it holds the login in a cookie, sealed, so that nothing is kept here but which logins were ended.
/// </summary>
public sealed class OpenIdLogins(OpenIdProviders providers, OpenIdOptions options, AccountSecret secret, TimeProvider time)
{
    /// <summary>Characters of a callback: all of a login has to fit into a cookie.</summary>
    public const int MaxCallbackLength = 2048;

    private const int RandomBytes = 32;

    // What an application is told. A token that refreshes others is of no use to it, and stays here.
    private static readonly string[] Told = ["access_token", "token_type", "expires_in", "scope", "id_token", "error", "error_description"];

    private readonly LoginSeal seal = new(secret);
    private readonly RefusedTokens used = new(time, options.LoginTime);

    /// <returns>Null when there is none of that name that people can sign in at.</returns>
    public OpenIdProvider? Find(string name) => providers.Find(name) is { Options.HasLogin: true } provider ? provider : null;

    /// <summary>Whether tokens may go there: the URL is one of the settings letter by letter, and behind it is a fragment, which stays in the browser.</summary>
    public static bool IsCallback(OpenIdProvider provider, string callback)
    {
        var hash = callback.IndexOf('#', StringComparison.Ordinal);
        return hash > 0 && callback.Length <= MaxCallbackLength && callback.All(static c => c is > ' ' and <= '~')
            && provider.Options.CallbackList().Contains(callback[..hash], StringComparer.Ordinal);
    }

    /// <param name="provider">Where to.</param>
    /// <param name="callback">Where to then, as <see cref="IsCallback"/> has it.</param>
    /// <param name="scope">What is asked for.</param>
    /// <param name="prompt">Null for none.</param>
    /// <param name="redirectUri">Where the provider leads back to.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The provider's URL, what it will send back, and what the browser keeps; null when it is not known where the provider is.</returns>
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

    /// <summary>Ends a login. It cannot be ended twice: as far as this process knows, which saves questions; and as far as its provider does, of which the code is. ADR 18 says why that is enough.</summary>
    /// <param name="provider">Who led back.</param>
    /// <param name="state">What it sent back.</param>
    /// <param name="kept">What the browser kept.</param>
    /// <param name="returned">What else the provider sent back.</param>
    /// <param name="who">Whom it is counted for: where it comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<LoginOutcome> EndAsync(
        OpenIdProvider provider, string state, string kept, LoginReturn returned, string who, CancellationToken cancellationToken)
    {
        // :: Step 1: it is this browser's, of this provider, and in time.
        if (seal.Open(kept, provider.Options.Name) is not { } login
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(login.State), Encoding.UTF8.GetBytes(state))
            || time.GetUtcNow().ToUnixTimeSeconds() >= login.Ends || !IsCallback(provider, login.Callback))
        {
            return LoginOutcome.BadState;
        }

        // :: Step 2: there is a place for it; else it can come again.
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
        // :: Step 3: it is the first time, and nobody else answers in the provider's place (RFC 9207).
        if (!used.Add(RefusedTokens.DigestOf(login.State)))
        {
            return LoginOutcome.BadState;
        }

        if (returned.Issuer is { } issuer ? !string.Equals(issuer, provider.Options.Issuer, StringComparison.Ordinal) : provider.Known is { NamesItself: true })
        {
            return LoginOutcome.BadState;
        }

        // :: Step 4: what it says goes to the application, be it an error.
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
