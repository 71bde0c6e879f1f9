using System.Globalization;
using System.Text;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15;

/// <summary>
/// Requests that are signed with a token's key. The signature covers the hash of the body, but the hash is not compared with the body. A request
/// can be sent twice, since clients retry. A client's clock may be wrong by months. An expired token opens only one
/// resource: <c>GET /1.5/{uid}/info/collections</c>.
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

        if (!header.IsOf(Encoding.ASCII.GetBytes(key), request, http, out var seen))
        {
            LogOther(request.Method, seen.Host, seen.Port, seen.Path);
            return Accounts.SignIn.Refused;
        }

        var uid = token.Uid.ToString(CultureInfo.InvariantCulture);
        if (token.Expires <= now && !(request.Method is "GET" && seen.Path.EndsWith($"{SyncProtocol.Prefix}/{uid}/info/collections", StringComparison.Ordinal)))
        {
            return Accounts.SignIn.Refused;
        }

        return new SignIn(SignInStatus.Succeeded, SyncPrincipal.Of(token.Uid, token.QuotaBytes));
    }

    [LoggerMessage(56, LogLevel.Debug, "A request of Sync is not signed as expected: with method {Method}, host {Host}, port {Port} and path {Path}. If the client was told another URL, set Http:PublicUrl, or let the proxy pass host and path on.")]
    private partial void LogOther(string method, string host, int port, string path);
}
