using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Asks a provider for the user of a token that does not name them. Remembers for a while what it answers, including refusals. Concurrent requests
/// with one token share one question. A question runs to its end, even if nobody waits for it any more, and holds its place until then; so
/// does a request that waits for another one's question.
/// </summary>
internal sealed partial class OpaqueVerifier(
    OpenIdProviderOptions provider,
    OpenIdOptions options,
    IssuerDocument<ProviderMetadata> metadata,
    ClientCredentials client,
    OpenIdUsers users,
    OtherServerClient http,
    SharedBudget places,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<OpenIdProvider> logger)
{
    private readonly AcceptedTokens accepted = new(options, time);
    private readonly RefusedTokens refused = new(time);
    private readonly CircuitBreaker breaker = new(time);
    private readonly ConcurrentDictionary<UInt128, Lazy<Task<SignIn>>> underWay = new();

    /// <param name="token">The token.</param>
    /// <param name="who">The client that the question counts for, if the provider has to be asked.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<SignIn> VerifyAsync(string token, string who, CancellationToken cancellationToken)
    {
        var digest = RefusedTokens.DigestOf(token);
        if (accepted.Find(digest) is { } known)
        {
            return new SignIn(SignInStatus.Succeeded, known);
        }

        if (refused.Contains(digest))
        {
            return SignIn.Refused;
        }

        if (!places.TryTake(who, 1))
        {
            metrics.SignedIn(SignInStatus.Busy);
            return new SignIn(SignInStatus.Busy);
        }

        var mine = new Lazy<Task<SignIn>>(() => AskAndLeaveAsync(token, digest, who));
        var first = underWay.GetOrAdd(digest, mine);
        if (first == mine)
        {
            // The question holds the place, and does not end with the request.
            return await mine.Value.WaitAsync(cancellationToken);
        }

        try
        {
            return await first.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            places.Release(who, 1);
        }
    }

    private async Task<SignIn> AskAndLeaveAsync(string token, UInt128 digest, string who)
    {
        try
        {
            return await AskAsync(token, digest);
        }
        finally
        {
            underWay.TryRemove(digest, out _);
            places.Release(who, 1);
        }
    }

    private async Task<SignIn> AskAsync(string token, UInt128 digest)
    {
        // :: Step 1: find the endpoint. Nobody waits for long where it is not known.
        var isUserinfo = provider.OpaqueTokens is OpaqueTokens.Userinfo;
        var known = (await metadata.GetAsync(unfit: null, CancellationToken.None)).Value;
        if ((isUserinfo ? known?.Userinfo : known?.Introspection) is not { } url || !breaker.TryAsk())
        {
            return new SignIn(SignInStatus.Busy);
        }

        HttpStatusCode status;
        byte[] body;
        try
        {
            (status, body) = await (isUserinfo
                ? http.SendAsync(HttpMethod.Get, url, json: null, $"Bearer {token}", CancellationToken.None)
                : http.PostAsync(
                    url,
                    [KeyValuePair.Create("token", token), KeyValuePair.Create("token_type_hint", "access_token"), .. client.Form()],
                    client.Header, CancellationToken.None));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return Fail(e.GetType().Name);
        }

        // :: Step 2: userinfo refuses a token by its status. Introspection never does, so another status than 200 there is not the token's fault.
        if (isUserinfo && status is (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest))
        {
            breaker.Answered();
            return Refuse(digest, "the provider's userinfo endpoint refuses it");
        }

        // A status that concerns one request is not the provider's fault either, unless it does not know this server.
        if ((int)status is >= 400 and < 500 && (isUserinfo || status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)))
        {
            breaker.Answered();
            metrics.SignedIn(SignInStatus.Busy);
            return new SignIn(SignInStatus.Busy);
        }

        if (status != HttpStatusCode.OK)
        {
            return Fail(((int)status).ToString(CultureInfo.InvariantCulture));
        }

        // :: Step 3: read the answer.
        try
        {
            using var document = JsonText.Parse(body);
            breaker.Answered();
            return Judge(document.RootElement, digest, isUserinfo);
        }
        catch (JsonException)
        {
            return Fail("no JSON");
        }
    }

    private SignIn Judge(JsonElement says, UInt128 digest, bool isUserinfo)
    {
        if (says.ValueKind != JsonValueKind.Object)
        {
            return Refuse(digest, "the answer about it is no object");
        }

        var ends = double.PositiveInfinity;
        if (!isUserinfo)
        {
            if (!(says.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.True))
            {
                return Refuse(digest, "its provider says that it is not active");
            }

            if (Claims.Text(says, "iss") is { } issuer && !string.Equals(issuer, provider.Issuer, StringComparison.Ordinal))
            {
                return Refuse(digest, "it is of another issuer");
            }

            if (!(provider.Audience is { Length: > 0 } audience ? Claims.Has(says, "aud", audience) : Claims.Has(says, "client_id", provider.ClientId!) || Claims.Has(says, "aud", provider.ClientId!)))
            {
                return Refuse(digest, "it is for another audience");
            }

            if (Claims.Text(says, "typ") is not (null or "Bearer"))
            {
                return Refuse(digest, "it is no access token");
            }

            if (says.TryGetProperty("cnf", out _))
            {
                return Refuse(digest, "it is bound to a key");
            }

            ends = Claims.Seconds(says, "exp") ?? double.PositiveInfinity;
            if (!(time.GetUtcNow().ToUnixTimeSeconds() < ends))
            {
                return Refuse(digest, "it has ended");
            }
        }

        var (principal, fault) = users.Read(says);
        if (principal is null)
        {
            return Refuse(digest, fault);
        }

        accepted.Add(digest, principal, ends);
        metrics.SignedIn(SignInStatus.Succeeded);
        return new SignIn(SignInStatus.Succeeded, principal);
    }

    private SignIn Refuse(UInt128 digest, string reason)
    {
        refused.Add(digest);
        metrics.SignedIn(SignInStatus.Refused);
        LogRefused(provider.Name, reason);
        return SignIn.Refused;
    }

    private SignIn Fail(string reason)
    {
        if (breaker.Failed())
        {
            LogAway(provider.Name, reason);
        }

        metrics.SignedIn(SignInStatus.Busy);
        return new SignIn(SignInStatus.Busy);
    }

    [LoggerMessage(52, LogLevel.Debug, "A token of the provider {Provider} was refused: {Reason}.")]
    private partial void LogRefused(string provider, string reason);

    [LoggerMessage(53, LogLevel.Warning, "The provider {Provider} has not said whose a token is five times in a row, last: {Reason}. Requests with such tokens are answered 503 and it is asked again in 10 seconds. Check the network, OpenId:Proxy, and its ClientId and secret.")]
    private partial void LogAway(string provider, string reason);
}
