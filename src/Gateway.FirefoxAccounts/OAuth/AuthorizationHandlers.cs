using System.Buffers;
using System.Security.Cryptography;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>Gives a client a code for a user who has signed in on the page (RFC 6749 4.1, RFC 7636).</summary>
internal sealed class AuthorizationHandlers(IKeyedAccountStore store, SessionTokens tokens, OAuthClients clients)
{
    private const int ChallengeLength = 43;
    private const int MaxJweLength = 16 << 10;
    private static readonly TimeSpan CodeLifetime = TimeSpan.FromMinutes(10);
    private static readonly SearchValues<char> Base64UrlCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public async ValueTask<Answer> AuthorizeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var id = fields.Text("client_id", 64);
        var state = fields.Text("state", 512);
        var scope = fields.Text("scope", 1024);
        var responseType = fields.Optional("response_type", 64);
        var isOffline = fields.Optional("access_type", 64) is "offline";
        var challenge = fields.Optional("code_challenge", 128);
        var method = fields.Optional("code_challenge_method", 64);
        var jwe = fields.Optional("keys_jwe", MaxJweLength);
        var redirect = fields.Optional("redirect_uri", 2048);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (clients.Find(id) is not { } client)
        {
            return AccountAnswers.Of(AccountError.UnknownClient);
        }

        if (responseType is not (null or "code"))
        {
            return AccountAnswers.Of(AccountError.BadResponseType);
        }

        redirect ??= client.RedirectUris.Count == 1 ? client.RedirectUris[0] : "";
        if (!client.RedirectUris.Contains(redirect, StringComparer.Ordinal))
        {
            return AccountAnswers.Of(AccountError.BadRedirect);
        }

        if (Allowed(client, scope) is not { } scopes)
        {
            return AccountAnswers.Of(AccountError.BadScopes);
        }

        if (method is not "S256" || challenge is not { Length: ChallengeLength } || challenge.AsSpan().ContainsAnyExcept(Base64UrlCharacters))
        {
            return AccountAnswers.Of(AccountError.NoPkce);
        }

        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSecret.Bytes));
        var keys = scopes.Contains(Scopes.Sync, StringComparer.Ordinal) ? jwe : null;
        var token = tokens.Plain(
            AccountTokenKind.Code, TokenSecret.DigestOf(code), request.Account.Account.Number, CodeLifetime, request.Token.Digest,
            new CodeData(challenge, redirect, isOffline, request.Session.SignedIn, keys).Write()) with
        {
            Client = client.Id,
            Scope = Scopes.Join(scopes),
        };
        if (!await store.AddTokensAsync(request.Account, [token], inPlaceOf: null, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        var target = $"{redirect}{(redirect.Contains('?', StringComparison.Ordinal) ? '&' : '?')}code={code}&state={Uri.EscapeDataString(state)}";
        return AccountAnswers.Object(writer =>
        {
            writer.WriteString("code", code);
            writer.WriteString("state", state);
            writer.WriteString("redirect", target);
        });
    }

    public ValueTask<Answer> ClientAsync(AccountRequest request, CancellationToken cancellationToken) =>
        new(clients.Find(request.Inner.Values["client"]) is not { } client ? AccountAnswers.Of(AccountError.UnknownClient) : AccountAnswers.Object(writer =>
        {
            writer.WriteString("id", client.Id);
            writer.WriteString("name", client.Name);
            writer.WriteBoolean("trusted", client.IsBuiltIn);
            writer.WriteString("redirect_uri", client.RedirectUris.Count > 0 ? client.RedirectUris[0] : "");
            writer.WriteStartArray("scope");
            foreach (var scope in client.Scopes)
            {
                writer.WriteStringValue(scope);
            }

            writer.WriteEndArray();
            writer.WriteBoolean("consent", !client.IsBuiltIn);
        }));

    /// <summary>Firefox asks for more scopes than exist here, and gets those that do. Other clients must ask only for scopes that they may have.</summary>
    /// <returns>Null if no scope is left, or another client asks for one that it may not have.</returns>
    public static IReadOnlyList<string>? Allowed(OAuthClient client, string scope)
    {
        var asked = Scopes.Split(scope);
        var allowed = asked.Where(one => client.Scopes.Contains(one, StringComparer.Ordinal)).ToList();
        return allowed.Count == 0 || (!client.IsBuiltIn && allowed.Count < asked.Count) ? null : allowed;
    }
}
