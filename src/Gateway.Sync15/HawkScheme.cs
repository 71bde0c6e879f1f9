using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15;

/// <summary>
/// Requests that are signed with a token's key. A body's hash is part of what is signed and is not compared with the body; a request
/// can be sent twice, as clients do that try again; a client's clock may be wrong by months. A token that has ended opens one
/// resource only: <c>GET /1.5/{uid}/info/collections</c>.
/// </summary>
internal sealed partial class HawkScheme(TokenSigner tokens, HttpOptions http, TimeProvider time, ILogger<HawkScheme> logger) : IAuthenticationScheme
{
    private const long MaxSkewSeconds = 52 * 7 * 86_400;

    public string Name => "Hawk";

    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(SignIn(request));

    private SignIn SignIn(SignInRequest request)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (HawkHeader.Parse(request.Authorization) is not { } header
            || header.Timestamp < now - MaxSkewSeconds || header.Timestamp > now + MaxSkewSeconds
            || tokens.Verify(header.Id) is not var (token, key))
        {
            return Accounts.SignIn.Refused;
        }

        var (host, port, target) = Seen(request);
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(header.Sign(key, request.Method, target, host, port)), Encoding.ASCII.GetBytes(header.Mac)))
        {
            LogOther(request.Method, host, port, PathOf(target));
            return Accounts.SignIn.Refused;
        }

        var uid = token.Uid.ToString(CultureInfo.InvariantCulture);
        if (token.Expires <= now && !(request.Method is "GET" && PathOf(target).EndsWith($"{SyncProtocol.Prefix}/{uid}/info/collections", StringComparison.Ordinal)))
        {
            return Accounts.SignIn.Refused;
        }

        // A store is closed by its number, as an account is: a token that lives on writes nothing to it then, at whatever gateway.
        return new SignIn(SignInStatus.Succeeded, new Principal("sync:" + uid, uid, uid)
        {
            Ref = new AccountRef(token.Uid, ServerTimestamp.Zero),
            QuotaBytes = token.QuotaBytes,
        });
    }

    /// <summary>Host, port and target as the client has them: those of the public URL where one is set.</summary>
    private (string Host, int Port, string Target) Seen(SignInRequest request)
    {
        if (http.PublicUrl is { } url && Uri.TryCreate(url, UriKind.Absolute, out var own))
        {
            var prefix = own.AbsolutePath.TrimEnd('/');
            var isWhole = prefix.Length == 0 || request.Target.StartsWith(prefix + "/", StringComparison.Ordinal);
            return (own.Host.ToLowerInvariant(), own.Port, isWhole ? request.Target : prefix + request.Target);
        }

        var host = new HostString(request.Host);
        return (host.Host.ToLowerInvariant(), host.Port ?? (request.IsHttps ? 443 : 80), request.Target);
    }

    private static string PathOf(string target) => target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var question ? target[..question] : target;

    [LoggerMessage(30, LogLevel.Debug, "A request of Sync is not signed as expected: with method {Method}, host {Host}, port {Port} and path {Path}. If the client was told another URL, set Http:PublicUrl, or let the proxy pass host and path on.")]
    private partial void LogOther(string method, string host, int port, string path);
}
