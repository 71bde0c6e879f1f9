using System.Buffers.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Says whose an access token is. A signed one (JWT, RS256) is verified by its issuer's keys, every one of which is tried; one that is not
/// signed, or for whose issuer there are no keys, by asking the issuer. How many are verified at a time is bounded, fairly by address.
/// </summary>
internal sealed partial class TokenVerifier(Issuers issuers, TimeProvider time, ILogger<TokenVerifier> logger)
{
    /// <summary>Characters of a token.</summary>
    public const int MaxLength = 8192;

    private const int LeewaySeconds = 60;
    private const int MaxAtOnce = 256;

    private static readonly JsonWebTokenHandler Handler = new();

    private readonly SharedBudget places = new(MaxAtOnce);

    private enum SignatureCheck
    {
        Right,
        Wrong,
        NoKeys,
        NotNow,
    }

    /// <param name="token">As in <c>Authorization</c>, behind the scheme.</param>
    /// <param name="who">Whom it is counted for: the address it came from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<TokenVerdict> VerifyAsync(string token, string who, CancellationToken cancellationToken)
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
            return await VerifyAsync(token, cancellationToken);
        }
        finally
        {
            places.Release(who, 1);
        }
    }

    /// <summary>Whose account an event is about, that an issuer signed and sent (RFC 8417).</summary>
    /// <param name="token">As in <c>Authorization</c>, behind the scheme.</param>
    /// <param name="who">As of <see cref="VerifyAsync(string, string, CancellationToken)"/>.</param>
    /// <param name="read">Reads its claims.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null with <see cref="TokenVerdict.Refused"/> or <see cref="TokenVerdict.Unavailable"/>; else what was read.</returns>
    public async ValueTask<(TokenVerdict? Fault, T? Event)> VerifyEventAsync<T>(
        string token, string who, Func<Issuer, JsonElement, T?> read, CancellationToken cancellationToken)
        where T : class
    {
        if (token.Length > MaxLength || Parse(token) is not { } jwt)
        {
            return (TokenVerdict.NoToken, null);
        }

        using var document = Payload(jwt);
        var claims = document?.RootElement ?? default;
        if (document is null || issuers.Find(TokenClaims.Text(claims, "iss")) is not { Options.EventsAudience: { } audience } issuer || !HasAudience(claims, audience))
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

    private async ValueTask<TokenVerdict> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (Parse(token) is not { } jwt)
        {
            return issuers.Remote is { } remote ? await remote.Remote!.VerifyAsync(token, cancellationToken) : Refuse("it is not signed, and no issuer has a VerifyUrl");
        }

        using var document = Payload(jwt);
        if (document is null)
        {
            return Refuse("its claims are no JSON");
        }

        var claims = document.RootElement;
        if (issuers.Find(TokenClaims.Text(claims, "iss")) is not { } issuer)
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

    private TokenVerdict Judge(Issuer issuer, JsonWebToken jwt, JsonElement claims)
    {
        const string media = "application/";
        var type = jwt.Typ ?? "";
        if (!(type.StartsWith(media, StringComparison.OrdinalIgnoreCase) ? type[media.Length..] : type).Equals("at+jwt", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse("its type is not at+jwt");
        }

        return IsOver(claims, isNeeded: true) ? Refuse("it has ended, or says no end")
            : issuer.Options.Audience is { } audience && !HasAudience(claims, audience) ? Refuse("it is for another audience")
            : TokenClaims.Read(claims, "sub", "fxa-generation") is not { } user ? Refuse("it names no user")
            : !user.HasScope ? Refuse("it has not the scope of Sync")
            : new TokenVerdict.Accepted(new VerifiedUser(issuer.User(user.Subject), user.Generation, user.Email));
    }

    private static async ValueTask<SignatureCheck> CheckAsync(Issuer issuer, JsonWebToken jwt, CancellationToken cancellationToken)
    {
        if (issuer.Keys is null)
        {
            return SignatureCheck.NoKeys;
        }

        var set = await issuer.Keys.GetAsync(unfit: null, cancellationToken);
        if (await FitsAsync(jwt, set))
        {
            return SignatureCheck.Right;
        }

        var again = await issuer.Keys.GetAsync(set, cancellationToken);
        return !ReferenceEquals(again, set) && await FitsAsync(jwt, again) ? SignatureCheck.Right
            : again.Keys.Count == 0 && (again.IsCurrent || issuer.Remote is not null) ? SignatureCheck.NoKeys
            : again.IsCurrent ? SignatureCheck.Wrong
            : SignatureCheck.NotNow;
    }

    private static async ValueTask<bool> FitsAsync(JsonWebToken jwt, KeySet set) => set.Keys.Count > 0 && (await Handler.ValidateTokenAsync(jwt, new TokenValidationParameters
    {
        // The kid is no help: issuers have given two keys one, and one key two.
        IssuerSigningKeyResolver = (_, _, _, _) => set.Keys,
        ValidAlgorithms = [SecurityAlgorithms.RsaSha256],

        // Judged here, by the clock of this server.
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        RequireExpirationTime = false,
        LogValidationExceptions = false,
    })).IsValid;

    private bool IsOver(JsonElement claims, bool isNeeded) => claims.TryGetProperty("exp", out var end)
        ? !(end.ValueKind == JsonValueKind.Number && end.TryGetDouble(out var seconds) && seconds + LeewaySeconds >= time.GetUtcNow().ToUnixTimeSeconds())
        : isNeeded;

    private static bool HasAudience(JsonElement claims, string audience) => claims.TryGetProperty("aud", out var value) && (value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Any(item => string.Equals(JsonText.Read(item), audience, StringComparison.Ordinal))
        : string.Equals(JsonText.Read(value), audience, StringComparison.Ordinal));

    private static JsonWebToken? Parse(string token)
    {
        try
        {
            return token.Count(static c => c == '.') == 2 ? new JsonWebToken(token) : null;
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenMalformedException or FormatException or JsonException)
        {
            return null;
        }
    }

    private static JsonDocument? Payload(JsonWebToken jwt)
    {
        try
        {
            var document = JsonText.Parse(Base64Url.DecodeFromChars(jwt.EncodedPayload));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }

    private TokenVerdict Refuse(string reason)
    {
        LogRefused(reason);
        return TokenVerdict.NoToken;
    }

    [LoggerMessage(51, LogLevel.Debug, "An access token was refused: {Reason}.")]
    private partial void LogRefused(string reason);
}
