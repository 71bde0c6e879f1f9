using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Finds the user of an access token. A signed token (JWT, RS256) is verified with its issuer's keys, all of which are tried. For an unsigned
/// token, or an issuer without keys, the issuer is asked. The number of concurrent verifications is bounded, fairly by address.
/// </summary>
internal sealed partial class TokenVerifier(Issuers issuers, TimeProvider time, ILogger<TokenVerifier> logger, IEnumerable<IAccessTokens> own)
{
    /// <summary>Maximal characters of a token.</summary>
    public const int MaxLength = 8192;

    private const int LeewaySeconds = 60;
    private const int MaxAtOnce = 256;

    private readonly SharedBudget places = new(MaxAtOnce);

    /// <param name="token">As in <c>Authorization</c>, after the scheme.</param>
    /// <param name="who">The client that it counts for, by its address.</param>
    /// <param name="audience">The audience of tokens of this server's own accounts.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<TokenVerdict> VerifyAsync(string token, string who, string audience, CancellationToken cancellationToken)
    {
        if (token.Length > MaxLength)
        {
            return TokenVerdict.NoToken;
        }

        if (!places.TryTake(who, 1))
        {
            return TokenVerdict.NotNow;
        }

        try
        {
            return await VerifyOwnAsync(token, audience, cancellationToken) ?? await VerifyAsync(token, cancellationToken);
        }
        finally
        {
            places.Release(who, 1);
        }
    }

    /// <summary>Finds the account of an event that an issuer signed and sent (RFC 8417).</summary>
    /// <param name="token">As in <c>Authorization</c>, after the scheme.</param>
    /// <param name="who">As of <see cref="VerifyAsync(string, string, string, CancellationToken)"/>.</param>
    /// <param name="read">Reads its claims.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null with <see cref="TokenVerdict.Refused"/> or <see cref="TokenVerdict.Unavailable"/>; otherwise the result of <paramref name="read"/>.</returns>
    public async ValueTask<(TokenVerdict? Fault, T? Event)> VerifyEventAsync<T>(
        string token, string who, Func<Issuer, JsonElement, T?> read, CancellationToken cancellationToken)
        where T : class
    {
        if (token.Length > MaxLength || SignedToken.Parse(token) is not { } jwt)
        {
            return (TokenVerdict.NoToken, null);
        }

        using var document = jwt.ReadClaims();
        var claims = document?.RootElement ?? default;
        if (document is null || issuers.Find(Claims.Text(claims, "iss")) is not { Options.EventsAudience: { } audience } issuer || !Claims.Has(claims, "aud", audience))
        {
            return (TokenVerdict.NoToken, null);
        }

        if (!places.TryTake(who, 1))
        {
            return (TokenVerdict.NotNow, null);
        }

        try
        {
            return await CheckAsync(issuer, jwt, cancellationToken) switch
            {
                SignatureCheck.Right when !IsOver(claims, isNeeded: false) && read(issuer, claims) is { } happened => (null, happened),
                SignatureCheck.NotNow => (TokenVerdict.NotNow, null),
                _ => (TokenVerdict.NoToken, null),
            };
        }
        finally
        {
            places.Release(who, 1);
        }
    }

    /// <returns>Null when this server has no accounts, or the token belongs to none of them.</returns>
    private async ValueTask<TokenVerdict?> VerifyOwnAsync(string token, string audience, CancellationToken cancellationToken)
    {
        foreach (var tokens in own)
        {
            if (await tokens.FindAsync(token, audience, cancellationToken) is { } found)
            {
                return found.Scopes.Contains(TokenClaims.Scope, StringComparer.Ordinal)
                    ? new TokenVerdict.Accepted(new VerifiedUser(new UserIdentity(UserIdentity.Local, found.Account.Uid), found.Account.Generation, found.Account.IsEmailVerified ? found.Account.Email : null) { Account = found.Account.Account.Number })
                    : Refuse("it has not the scope of Sync");
            }
        }

        return null;
    }

    private async ValueTask<TokenVerdict> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (SignedToken.Parse(token) is not { } jwt)
        {
            return issuers.Remote is { } remote ? await remote.Remote!.VerifyAsync(token, cancellationToken) : Refuse("it is not signed, and no issuer has a VerifyUrl");
        }

        using var document = jwt.ReadClaims();
        if (document is null)
        {
            return Refuse("its claims are no JSON");
        }

        var claims = document.RootElement;
        if (issuers.Find(Claims.Text(claims, "iss")) is not { } issuer)
        {
            return Refuse("no issuer in the settings has the name in 'iss'");
        }

        switch (await CheckAsync(issuer, jwt, cancellationToken))
        {
            case SignatureCheck.Right:
                return Judge(issuer, jwt, claims);
            case SignatureCheck.NoKeys when issuer.Remote is { } remote:
                return await remote.VerifyAsync(token, cancellationToken);
            case SignatureCheck.NotNow:
                return TokenVerdict.NotNow;
            default:
                return Refuse("its signature is by none of the issuer's keys");
        }
    }

    private TokenVerdict Judge(Issuer issuer, SignedToken jwt, JsonElement claims)
    {
        if (!jwt.Type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse("its type is not at+jwt");
        }

        return IsOver(claims, isNeeded: true) ? Refuse("it has ended, or says no end")
            : issuer.Options.Audience is { } audience && !Claims.Has(claims, "aud", audience) ? Refuse("it is for another audience")
            : TokenClaims.Read(claims, "sub", "fxa-generation") is not { } user ? Refuse("it names no user")
            : !user.HasScope ? Refuse("it has not the scope of Sync")
            : new TokenVerdict.Accepted(
                new VerifiedUser(issuer.User(user.Subject), user.Generation, user.Email), claims.GetProperty("exp").GetDouble() + LeewaySeconds);
    }

    private static async ValueTask<SignatureCheck> CheckAsync(Issuer issuer, SignedToken jwt, CancellationToken cancellationToken)
    {
        if (issuer.Keys is null)
        {
            return SignatureCheck.NoKeys;
        }

        // If keys could never be read, ask the issuer instead if that is possible.
        var check = await issuer.Keys.CheckAsync(jwt, cancellationToken);
        return check == SignatureCheck.NotNow && issuer.Remote is not null && !await issuer.Keys.AnyAsync(cancellationToken) ? SignatureCheck.NoKeys : check;
    }

    private bool IsOver(JsonElement claims, bool isNeeded) => Claims.Seconds(claims, "exp") is { } end
        ? !(end + LeewaySeconds >= time.GetUtcNow().ToUnixTimeSeconds())
        : isNeeded;

    private TokenVerdict Refuse(string reason)
    {
        LogRefused(reason);
        return TokenVerdict.NoToken;
    }

    [LoggerMessage(51, LogLevel.Debug, "An access token was refused: {Reason}.")]
    private partial void LogRefused(string reason);
}
