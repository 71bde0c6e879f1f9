using System.Net;
using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Core.Records;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Asks an account server for a token's user: the answer to <c>POST {"token":…}</c> is <c>{"user":…,"scope":[…],"generation":…}</c>.</summary>
internal sealed partial class RemoteVerifier(
    string issuer, string url, OtherServerClient http, RefusedTokens refused, CircuitBreaker breaker, ILogger<RemoteVerifier> logger)
{
    public async ValueTask<TokenVerdict> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        var digest = RefusedTokens.DigestOf(token);
        if (refused.Contains(digest))
        {
            return TokenVerdict.NoToken;
        }

        if (!breaker.TryAsk())
        {
            return TokenVerdict.NotNow;
        }

        HttpStatusCode status;
        byte[] body;
        try
        {
            (status, body) = await http.SendAsync(HttpMethod.Post, url, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["token"] = token }), cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Fail(e.GetType().Name);
            return TokenVerdict.NotNow;
        }

        // A temporary fault is not the token's: a client that gets 401 drops its token.
        if ((int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
        {
            Fail(((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture));
            return TokenVerdict.NotNow;
        }

        breaker.Answered();
        if (status == HttpStatusCode.OK)
        {
            return Read(body);
        }

        refused.Add(digest);
        return TokenVerdict.NoToken;
    }

    private TokenVerdict Read(byte[] body)
    {
        try
        {
            using var document = JsonText.Parse(body);
            return TokenClaims.Read(document.RootElement, "user", "generation") is { } claims && claims.HasScope
                ? new TokenVerdict.Accepted(new VerifiedUser(new UserIdentity(issuer, claims.Subject), claims.Generation, claims.Email))
                : TokenVerdict.NoToken;
        }
        catch (JsonException)
        {
            return TokenVerdict.NoToken;
        }
    }

    private void Fail(string reason)
    {
        if (breaker.Failed())
        {
            LogAway(issuer, reason);
        }
    }

    [LoggerMessage(50, LogLevel.Warning, "The account server {Issuer} has not verified a token five times in a row, last: {Reason}. Requests for tokens are answered 503 and it is asked again in 10 seconds. Check Sync15:Issuer:VerifyUrl, the network, and Sync15:Proxy.")]
    private partial void LogAway(string issuer, string reason);
}
