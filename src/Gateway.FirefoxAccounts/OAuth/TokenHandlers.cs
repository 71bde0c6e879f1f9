using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>The token endpoint, and the endpoints that describe or end a token (RFC 6749, 7009, 7662, 8693).</summary>
internal sealed class TokenHandlers(IKeyedAccountStore store, SessionTokens tokens, AccessTokens access, OAuthClients clients, FirefoxAccountOptions options, TimeProvider time)
{
    private const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string RefreshTokenType = "urn:ietf:params:oauth:token-type:refresh_token";
    private const int MaxTtl = int.MaxValue;

    public ValueTask<Answer> GrantAsync(AccountRequest request, CancellationToken cancellationToken) => (request.Fields.Optional("grant_type", 128) ?? "authorization_code") switch
    {
        "authorization_code" => ByCodeAsync(request, cancellationToken),
        "refresh_token" => ByRefreshAsync(request, cancellationToken),
        "fxa-credentials" => BySessionAsync(request, cancellationToken),
        TokenExchange => ByExchangeAsync(request, cancellationToken),
        _ => new(AccountAnswers.Of(AccountError.Invalid("grant_type"))),
    };

    /// <summary>Ends this token alone: Firefox ends a refresh token right after it has signed in, and keeps using its session.</summary>
    public async ValueTask<Answer> DestroyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var name = fields.Has("refresh_token") ? "refresh_token" : fields.Has("access_token") ? "access_token" : "token";
        var text = fields.Text(name, 8192);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (await FindAsync(text, cancellationToken) is { } found)
        {
            await store.RemoveTokenAsync(found.Account.Account.Number, found.Token.Digest, cancellationToken);
        }

        return AccountAnswers.Empty;
    }

    public async ValueTask<Answer> IntrospectAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var text = request.Fields.Text("token", 8192);
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        var found = await FindAsync(text, cancellationToken);
        return AccountAnswers.Object(writer =>
        {
            writer.WriteBoolean("active", found is not null);
            if (found is not null)
            {
                writer.WriteString("scope", found.Token.Scope);
                writer.WriteString("client_id", found.Token.Client);
                writer.WriteString("token_type", found.Token.Kind == AccountTokenKind.Access ? "access_token" : "refresh_token");
                writer.WriteNumber("iat", found.Token.Created.Milliseconds / 1000);
                writer.WriteNumber("exp", found.Token.Expires.Milliseconds / 1000);
                writer.WriteString("sub", found.Account.Uid);
            }
        });
    }

    public async ValueTask<Answer> VerifyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var text = request.Fields.Text("token", 8192);
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        return await access.FindAsync(text, cancellationToken) is not { } found ? AccountAnswers.Of(AccountError.NoCredential) : AccountAnswers.Object(writer =>
        {
            writer.WriteString("user", found.Account.Uid);
            writer.WriteString("client_id", found.Token.Client);
            writer.WriteStartArray("scope");
            foreach (var scope in Scopes.Split(found.Token.Scope))
            {
                writer.WriteStringValue(scope);
            }

            writer.WriteEndArray();
            writer.WriteNumber("generation", found.Account.Generation);
        });
    }

    private async ValueTask<Answer> ByCodeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var id = fields.Text("client_id", 64);
        var code = fields.Text("code", 256);
        var verifier = fields.Text("code_verifier", 256);
        var redirect = fields.Optional("redirect_uri", 2048);
        var ttl = fields.Number("ttl", 0, MaxTtl);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (clients.Find(id) is not { } client)
        {
            return AccountAnswers.Of(AccountError.UnknownClient);
        }

        if (await store.FindTokenAsync(TokenSecret.DigestOf(code), ServerTimestamp.Now(time), cancellationToken) is not { Token.Kind: AccountTokenKind.Code } found)
        {
            return AccountAnswers.Of(AccountError.UnknownOAuthCode);
        }

        if (!string.Equals(found.Token.Client, id, StringComparison.Ordinal))
        {
            return AccountAnswers.Of(AccountError.OtherClientsCode);
        }

        if (request.Found is { } session && session.Account.Account.Number != found.Account.Account.Number)
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        var data = CodeData.Read(found.Token.Data);
        if (redirect is not null && !string.Equals(redirect, data.Redirect, StringComparison.Ordinal))
        {
            return AccountAnswers.Of(AccountError.BadRedirect);
        }

        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(verifier)));
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(challenge), Encoding.ASCII.GetBytes(data.Challenge)))
        {
            // Somebody who has the code but not the verifier gets one try.
            await store.RemoveTokenAsync(found.Account.Account.Number, found.Token.Digest, cancellationToken);
            return AccountAnswers.Of(AccountError.WrongVerifier);
        }

        var scopes = Scopes.Split(found.Token.Scope);
        var givesSession = client.IsBuiltIn && scopes.Contains(Scopes.Session, StringComparer.Ordinal);
        return await GiveAsync(
            new Grant(request, found.Account, client, scopes, data.SignedIn)
            {
                Ttl = ttl,
                InPlaceOf = found.Token.Digest,
                Parent = found.Token.Parent,
                IsOffline = data.IsOffline,
                KeysJwe = data.KeysJwe,
                GivesSession = givesSession,
                Family = await FamilyAsync(client, found.Token, givesSession, cancellationToken),
                Otherwise = AccountError.UnknownOAuthCode,
            },
            cancellationToken);
    }

    private async ValueTask<Answer> BySessionAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var id = fields.Text("client_id", 64);
        var scope = fields.Text("scope", 1024);
        var ttl = fields.Number("ttl", 0, MaxTtl);
        var isOffline = fields.Optional("access_type", 64) is "offline";
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (request.Found is not { } session)
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        if (Credentials.Unverified(session) is { } unverified)
        {
            return AccountAnswers.Of(unverified);
        }

        // The holder of a session can do everything that these clients can. Other clients must ask on the page.
        return clients.Find(id) is not { IsBuiltIn: true } client ? AccountAnswers.Of(AccountError.UnknownClient)
            : AuthorizationHandlers.Allowed(client, scope) is not { } scopes ? AccountAnswers.Of(AccountError.BadScopes)
            : await GiveAsync(
                new Grant(request, session.Account, client, scopes, request.Session.SignedIn) { Ttl = ttl, Parent = session.Token.Digest, IsOffline = isOffline, Family = session.Token.Family ?? session.Token.Digest }, cancellationToken);
    }

    private async ValueTask<Answer> ByRefreshAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var id = fields.Text("client_id", 64);
        var text = fields.Text("refresh_token", 256);
        var scope = fields.Optional("scope", 1024);
        var ttl = fields.Number("ttl", 0, MaxTtl);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (clients.Find(id) is not { } client)
        {
            return AccountAnswers.Of(AccountError.UnknownClient);
        }

        if (await FindRefreshAsync(text, cancellationToken) is not { } found || !string.Equals(found.Token.Client, id, StringComparison.Ordinal))
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        var held = Scopes.Split(found.Token.Scope);
        var scopes = scope is null ? held : [.. Scopes.Split(scope).Where(one => held.Contains(one, StringComparer.Ordinal))];
        if (scopes.Count == 0 || (scope is not null && !client.IsBuiltIn && scopes.Count < Scopes.Split(scope).Count))
        {
            return AccountAnswers.Of(AccountError.BadScopes);
        }

        var now = ServerTimestamp.Now(time);
        await store.TouchTokenAsync(found.Token.Digest, now, now.Plus((long)options.RefreshLifetime.TotalMilliseconds), cancellationToken);
        return await GiveAsync(new Grant(request, found.Account, client, scopes, SignedIn: null) { Ttl = ttl, Parent = found.Token.Digest }, cancellationToken);
    }

    private async ValueTask<Answer> ByExchangeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var text = fields.Text("subject_token", 256);
        var type = fields.Text("subject_token_type", 128);
        var scope = fields.Text("scope", 1024);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (type is not RefreshTokenType)
        {
            return AccountAnswers.Of(AccountError.Invalid("subject_token_type"));
        }

        if (await FindRefreshAsync(text, cancellationToken) is not { } found)
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        if (clients.Find(found.Token.Client) is not { IsBuiltIn: true } client)
        {
            return AccountAnswers.Of(AccountError.UnknownClient);
        }

        // This token is the only proof, so the new tokens get no more scopes than it has. Unknown scopes are left out, as everywhere.
        var held = Scopes.Split(found.Token.Scope);
        return Scopes.Split(scope).Any(one => client.Scopes.Contains(one, StringComparer.Ordinal) && !held.Contains(one, StringComparer.Ordinal))
            ? AccountAnswers.Of(AccountError.BadScopes)
            : await GiveAsync(
                new Grant(request, found.Account, client, held, SignedIn: null) { InPlaceOf = found.Token.Digest, IsOffline = true, Family = found.Token.Family }, cancellationToken);
    }

    /// <summary>
    /// The sign-in that a code belongs to; null for a sign-in of its own. A client of Firefox belongs to the sign-in of the page's session, which Firefox is given.
    /// If it gets a session of its own, and the page's session is another device's, its sign-in is its own. So is an application's, since an application stays
    /// signed in when the device on which it was authorized is removed.
    /// </summary>
    private async ValueTask<string?> FamilyAsync(OAuthClient client, AccountToken code, bool givesSession, CancellationToken cancellationToken) =>
        client.IsBuiltIn && code.Parent is { } parent && await store.FindTokenAsync(parent, ServerTimestamp.Now(time), cancellationToken) is { } page
        && !(givesSession && (await store.ListDevicesAsync(code.Account, cancellationToken)).Any(device => string.Equals(device.Token, parent, StringComparison.Ordinal)))
            ? page.Token.Family ?? parent
            : null;

    /// <summary>Makes all tokens of a grant, stores them together, and answers.</summary>
    private async ValueTask<Answer> GiveAsync(Grant grant, CancellationToken cancellationToken)
    {
        var (request, account, client, scopes, signedIn) = grant;
        var made = new List<AccountToken>();
        var (session, stored) = grant.GivesSession ? tokens.Session(account.Account.Number, isVerified: true, request.UserAgent, account.IsTotpOn) : default;
        var family = grant.Family ?? stored?.Digest;
        string? refresh = null;
        if (grant.IsOffline)
        {
            refresh = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSecret.Bytes));
            made.Add(tokens.Plain(AccountTokenKind.Refresh, TokenSecret.DigestOf(refresh), account.Account.Number, options.RefreshLifetime, parent: null, request.UserAgent) with
            {
                Client = client.Id,
                Scope = Scopes.Join(scopes),
                Family = family,
            });
        }

        var parent = made.Count > 0 ? made[0].Digest : grant.Parent ?? throw new InvalidOperationException("An access token comes from nothing.");
        var (text, token, seconds) = await access.MakeAsync(request.Origin, account, client, [.. scopes.Where(static scope => scope is not Scopes.Session)], grant.Ttl, parent, cancellationToken);
        made.Add(token);
        if (stored is not null)
        {
            made.Add(stored with { Family = family });
        }

        if (!await store.AddTokensAsync(account, made, grant.InPlaceOf, cancellationToken))
        {
            return AccountAnswers.Of(grant.Otherwise);
        }

        return AccountAnswers.Object(writer =>
        {
            writer.WriteString("access_token", text);
            writer.WriteString("token_type", "bearer");
            writer.WriteString("scope", Scopes.Join(scopes));
            writer.WriteNumber("expires_in", seconds);
            if (signedIn is { } at)
            {
                writer.WriteNumber("auth_at", at);
            }

            if (refresh is not null)
            {
                writer.WriteString("refresh_token", refresh);
            }

            if (grant.KeysJwe is { } jwe)
            {
                writer.WriteString("keys_jwe", jwe);
            }

            if (session is not null)
            {
                writer.WriteString("session_token", session.Text);
            }
        });
    }

    private async ValueTask<FoundToken?> FindRefreshAsync(string text, CancellationToken cancellationToken) =>
        TokenSecret.IsHex(text, TokenSecret.Bytes)
        && await store.FindTokenAsync(TokenSecret.DigestOf(text), ServerTimestamp.Now(time), cancellationToken) is { Token.Kind: AccountTokenKind.Refresh } found
            ? found
            : null;

    private async ValueTask<FoundToken?> FindAsync(string text, CancellationToken cancellationToken) =>
        await FindRefreshAsync(text, cancellationToken) ?? await access.FindAsync(text, cancellationToken);

    /// <summary>The tokens to give out.</summary>
    /// <param name="Request">The request to answer.</param>
    /// <param name="Account">The account that they are for.</param>
    /// <param name="Client">The client that gets them.</param>
    /// <param name="Granted">Their scopes.</param>
    /// <param name="SignedIn">When the password was shown, in seconds since 1970; null to leave it out of the answer.</param>
    private sealed record Grant(AccountRequest Request, KeyedAccount Account, OAuthClient Client, IReadOnlyList<string> Granted, long? SignedIn)
    {
        public long? Ttl { get; init; }

        /// <summary>Digest of the code or token that is exchanged for it, once.</summary>
        public string? InPlaceOf { get; init; }

        /// <summary>Digest of the token that the access token comes from, if no refresh token is given out.</summary>
        public string? Parent { get; init; }

        public bool IsOffline { get; init; }

        public string? KeysJwe { get; init; }

        public bool GivesSession { get; init; }

        /// <summary>The sign-in that it belongs to; null for one of its own.</summary>
        public string? Family { get; init; }

        /// <summary>The error if the code or token that it comes from is gone by then.</summary>
        public AccountError Otherwise { get; init; } = AccountError.NoCredential;
    }
}
