using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.FirefoxAccounts.Sessions;

/// <summary>
/// Finds the token that a request comes with. Tokens that have a Hawk key come as a Hawk signature, or as a Bearer of their id. Refresh tokens come as a Bearer
/// themselves. A token that an endpoint does not accept counts as missing. A client's clock may be wrong by months, since Firefox on phones never adjusts its own.
/// </summary>
internal sealed partial class Credentials(
    IKeyedAccountStore store, OAuthClients clients, AccountKey key, FirefoxAccountOptions options, HttpOptions http, TimeProvider time, ILogger<Credentials> logger)
{
    private const long MaxSkewSeconds = 52 * 7 * 86_400;

    // Noting uses more often is not worth the writes.
    private static readonly TimeSpan UseNoted = TimeSpan.FromHours(1);

    /// <summary>The purpose that the Hawk key of a token is sealed for.</summary>
    public static string PurposeOf(string digest) => "hawk key of " + digest;

    /// <returns>The token or the error; neither if none is needed and none came.</returns>
    public async ValueTask<(FoundToken? Found, AccountError? Error)> FindAsync(ProtocolRequest request, AccountAccess access, CancellationToken cancellationToken)
    {
        var header = request.Http.Request.Headers.Authorization.ToString();
        if (access == AccountAccess.Anybody || (header.Length == 0 && access.HasFlag(AccountAccess.Optional)))
        {
            return (null, null);
        }

        var (found, error) = header.StartsWith("Hawk ", StringComparison.OrdinalIgnoreCase) ? await HawkAsync(request, header, cancellationToken)
            : header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? (await BearerAsync(header["Bearer ".Length..].Trim(), cancellationToken), null)
            : (null, null);
        if (found is null || !access.HasFlag(AccessOf(found.Token.Kind)))
        {
            return (null, error ?? AccountError.NoCredential);
        }

        // Only Firefox has devices: an application with a refresh token for something else is none.
        if (found.Token.Kind is AccountTokenKind.Refresh
            && !(clients.Find(found.Token.Client) is { IsBuiltIn: true } && Scopes.Split(found.Token.Scope).Contains(Scopes.Sync, StringComparer.Ordinal)))
        {
            return (null, AccountError.NoCredential);
        }

        if (found.Token.Kind is AccountTokenKind.Session && access.HasFlag(AccountAccess.Verified) && Unverified(found) is { } unverified)
        {
            return (null, unverified);
        }

        await NoteUseAsync(found, cancellationToken);
        return (found, null);
    }

    /// <returns>What a session must still show; null for nothing.</returns>
    public static AccountError? Unverified(FoundToken session) =>
        !session.Account.IsEmailVerified ? AccountError.EmailUnverified
        : !SessionData.Read(session.Token.Data).IsVerified ? AccountError.SessionUnverified
        : null;

    private static AccountAccess AccessOf(AccountTokenKind kind) => kind switch
    {
        AccountTokenKind.Session => AccountAccess.Session,
        AccountTokenKind.KeyFetch => AccountAccess.KeyFetch,
        AccountTokenKind.PasswordChange => AccountAccess.PasswordChange,
        AccountTokenKind.Reset => AccountAccess.Reset,
        AccountTokenKind.Refresh => AccountAccess.Refresh,

        // No endpoint accepts these: no endpoint has all flags.
        _ => (AccountAccess)~0,
    };

    private async ValueTask<(FoundToken? Found, AccountError? Error)> HawkAsync(ProtocolRequest request, string text, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (HawkHeader.Parse(text) is not { } header || !TokenSecret.IsHex(header.Id, TokenSecret.Bytes)
            || await store.FindTokenAsync(TokenSecret.DigestOf(header.Id), ServerTimestamp.Now(time), cancellationToken) is not { } found
            || key.Open(PurposeOf(found.Token.Digest), found.Token.Sealed) is not { } hawkKey)
        {
            return (null, AccountError.NoCredential);
        }

        var context = request.Http;
        var signed = new SignInRequest(text, context.Connection.RemoteIpAddress)
        {
            Method = context.Request.Method,
            Target = PublicUrls.Target(context.Request, context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? ""),
            Host = context.Request.Host.Value ?? "",
            IsHttps = context.Request.IsHttps,
        };
        if (header.Timestamp < now - MaxSkewSeconds || header.Timestamp > now + MaxSkewSeconds || !header.IsOf(hawkKey, signed, http, out var seen))
        {
            var target = HawkTarget.Of(signed, http);
            LogOther(signed.Method, target.Host, target.Port, target.Path);
            return (null, AccountError.BadSignature);
        }

        return header.HasHashOf(context.Request.ContentType, request.Body.Span) ? (found, null) : (null, AccountError.BadSignature);
    }

    private ValueTask<FoundToken?> BearerAsync(string bearer, CancellationToken cancellationToken)
    {
        if (TokenSecret.OfBearer(bearer) is var (kind, id))
        {
            return FindAsync(TokenSecret.DigestOf(id), kind, cancellationToken);
        }

        return TokenSecret.IsHex(bearer, TokenSecret.Bytes) ? FindAsync(TokenSecret.DigestOf(bearer), AccountTokenKind.Refresh, cancellationToken) : new((FoundToken?)null);
    }

    private async ValueTask<FoundToken?> FindAsync(string digest, AccountTokenKind kind, CancellationToken cancellationToken) =>
        await store.FindTokenAsync(digest, ServerTimestamp.Now(time), cancellationToken) is { } found && found.Token.Kind == kind ? found : null;

    private async ValueTask NoteUseAsync(FoundToken found, CancellationToken cancellationToken)
    {
        var token = found.Token;
        var now = ServerTimestamp.Now(time);
        var lifetime = token.Kind switch
        {
            AccountTokenKind.Session => Unverified(found) is null ? options.SessionLifetime : TimeSpan.Zero,
            AccountTokenKind.Refresh => options.RefreshLifetime,
            _ => TimeSpan.Zero,
        };
        if (lifetime > TimeSpan.Zero && now.Milliseconds - token.Used.Milliseconds >= (long)Math.Min(UseNoted.TotalMilliseconds, lifetime.TotalMilliseconds / 4))
        {
            await store.TouchTokenAsync(token.Digest, now, now.Plus((long)lifetime.TotalMilliseconds), cancellationToken);
        }
    }

    [LoggerMessage(60, LogLevel.Debug, "A request of an account is not signed as expected: with method {Method}, host {Host}, port {Port} and path {Path}. If the client was told another URL, set Http:PublicUrl, or let the proxy pass host and path on.")]
    private partial void LogOther(string method, string host, int port, string path);
}
