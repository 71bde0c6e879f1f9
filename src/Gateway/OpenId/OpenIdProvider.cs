using System.Net;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// One provider: its published documents, and the users of its tokens. The number of concurrent questions to it is bounded, fairly by address, and so is the number of requests that wait for one. Safe for concurrent use.
/// </summary>
public sealed partial class OpenIdProvider
{
    private const int LeewaySeconds = 60;
    private const int MaxAtOnce = 256;

    private readonly OpenIdUsers users;
    private readonly OtherServerClient http;
    private readonly GatewayMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<OpenIdProvider> logger;
    private readonly IssuerDocument<ProviderMetadata> metadata;
    private readonly IssuerKeys keys;
    private readonly ClientCredentials client;
    private readonly OpaqueVerifier? opaque;
    private readonly SharedBudget places = new(MaxAtOnce);

    internal OpenIdProvider(
        OpenIdProviderOptions provider, OpenIdOptions options, AccountSecret secret, OtherServerClient http, GatewayMetrics metrics, TimeProvider time, ILogger<OpenIdProvider> logger)
    {
        (Options, this.http, this.metrics, this.time, this.logger) = (provider, http, metrics, time, logger);
        users = new OpenIdUsers(provider, secret);
        client = new ClientCredentials(provider);
        metadata = new IssuerDocument<ProviderMetadata>(ReadMetadataAsync, time);
        keys = new IssuerKeys(ReadKeysAsync, [IssuerKeys.Rs256, IssuerKeys.Es256], time);
        opaque = provider.OpaqueTokens is OpaqueTokens.Refused ? null : new OpaqueVerifier(provider, options, metadata, client, users, http, places, metrics, time, logger);
    }

    public OpenIdProviderOptions Options { get; }

    /// <summary>Its metadata as far as it is known now, without waiting.</summary>
    public ProviderMetadata? Known => metadata.Peek().Value;

    /// <summary>Whether a token that does not name its issuer can be shown to it.</summary>
    public bool TakesOpaque => opaque is not null;

    /// <returns>Null as long as it could never be read.</returns>
    public async ValueTask<ProviderMetadata?> MetadataAsync(CancellationToken cancellationToken) => (await metadata.GetAsync(unfit: null, cancellationToken)).Value;

    /// <summary>Finds the user of an unsigned token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="who">The client that it counts for, by its address.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<SignIn> VerifyAsync(string token, string who, CancellationToken cancellationToken) =>
        opaque is null ? ValueTask.FromResult(SignIn.Refused) : opaque.VerifyAsync(token, who, cancellationToken);

    /// <summary>Finds the user of a token that names this provider as its issuer.</summary>
    /// <param name="token">The token.</param>
    /// <param name="signed">The same token, parsed.</param>
    /// <param name="claims">Its claims.</param>
    /// <param name="who">The client that it counts for, by its address.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<SignIn> VerifyAsync(string token, SignedToken signed, JsonElement claims, string who, CancellationToken cancellationToken)
    {
        if (Options.Audience is not { Length: > 0 } audience)
        {
            return opaque is null ? Refuse("its provider has no Audience in the settings") : await opaque.VerifyAsync(token, who, cancellationToken);
        }

        if (Fault(signed, claims, audience) is { } fault)
        {
            return Refuse(fault);
        }

        if (!places.TryTake(who, 1))
        {
            metrics.SignedIn(SignInStatus.Busy);
            return new SignIn(SignInStatus.Busy);
        }

        try
        {
            switch (await keys.CheckAsync(signed, cancellationToken))
            {
                case SignatureCheck.Right:
                    break;
                case SignatureCheck.NotNow:
                    metrics.SignedIn(SignInStatus.Busy);
                    return new SignIn(SignInStatus.Busy);
                default:
                    return Refuse("its signature is by none of the provider's keys");
            }
        }
        finally
        {
            places.Release(who, 1);
        }

        var (principal, reason) = users.Read(claims);
        return principal is null ? Refuse(reason) : new SignIn(SignInStatus.Succeeded, principal);
    }

    /// <summary>Takes a place for a question to it, until <see cref="Leave"/>.</summary>
    /// <param name="who">The client that it counts for, by its address.</param>
    /// <returns>False when too many questions are pending.</returns>
    internal bool TryEnter(string who) => places.TryTake(who, 1);

    internal void Leave(string who) => places.Release(who, 1);

    /// <summary>Exchanges the code of a login (RFC 6749, 4.1.3). The caller has a place.</summary>
    /// <returns>Status and body; null when it does not answer.</returns>
    internal async ValueTask<(HttpStatusCode Status, byte[] Body)?> TradeAsync(
        string code, string verifier, string redirectUri, CancellationToken cancellationToken)
    {
        if (await MetadataAsync(cancellationToken) is not { Token: { } url })
        {
            return null;
        }

        KeyValuePair<string, string>[] form =
        [
            KeyValuePair.Create("grant_type", "authorization_code"),
            KeyValuePair.Create("code", code),
            KeyValuePair.Create("redirect_uri", redirectUri),
            KeyValuePair.Create("code_verifier", verifier),
            .. client.Form(),
        ];
        try
        {
            return await http.PostAsync(url, form, client.Header, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>The fault in a token's claims; null for none. Checking the signature costs more, and comes afterwards.</summary>
    private string? Fault(SignedToken signed, JsonElement claims, string audience)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return signed.IsCritical ? "its header asks for what is not known here"
            : !IsAccessToken(signed.Type, claims) ? "it is no access token"
            : claims.TryGetProperty("cnf", out _) ? "it is bound to a key"
            : !(Claims.Seconds(claims, "exp") + LeewaySeconds > now) ? "it has ended, or says no end"
            : Claims.Seconds(claims, "nbf") is { } begin && !(begin - LeewaySeconds <= now) ? "it does not count yet"
            : !Claims.Has(claims, "aud", audience) ? "it is for another audience"
            : null;
    }

    /// <summary>
    /// Providers sign ID tokens, logout tokens and others with the same keys, and an ID token's audience can be this server's too. An access
    /// token names its type, the scopes that it opens, or the client that it was given to (RFC 9068, 2).
    /// </summary>
    private static bool IsAccessToken(string type, JsonElement claims)
    {
        var saysSo = type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase);
        return (saysSo || type.Length == 0 || type.Equals("JWT", StringComparison.OrdinalIgnoreCase))
            && !claims.TryGetProperty("at_hash", out _) && !claims.TryGetProperty("c_hash", out _) && !claims.TryGetProperty("events", out _)
            && Claims.Text(claims, "typ") is (null or "Bearer")
            && (saysSo || claims.TryGetProperty("typ", out _) || claims.TryGetProperty("scope", out _) || claims.TryGetProperty("scp", out _) || claims.TryGetProperty("client_id", out _));
    }

    private async Task<ProviderMetadata> ReadMetadataAsync()
    {
        try
        {
            var (status, body) = await http.SendAsync(HttpMethod.Get, Options.Issuer.TrimEnd('/') + "/.well-known/openid-configuration", json: null, CancellationToken.None);
            return status == HttpStatusCode.OK ? ProviderMetadata.Read(body, Options.Issuer) : throw new HttpRequestException($"It answers {(int)status}.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            LogAway(Options.Name, e is JsonException or HttpRequestException ? e.Message : e.GetType().Name);
            throw;
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadKeysAsync()
    {
        var url = (await MetadataAsync(CancellationToken.None))?.Keys ?? throw new HttpRequestException("It is not known where the keys are.");
        var (status, body) = await http.SendAsync(HttpMethod.Get, url, json: null, CancellationToken.None);
        return status == HttpStatusCode.OK ? body : throw new HttpRequestException("No keys.");
    }

    private SignIn Refuse(string reason)
    {
        metrics.SignedIn(SignInStatus.Refused);
        LogRefused(Options.Name, reason);
        return SignIn.Refused;
    }

    [LoggerMessage(54, LogLevel.Warning, "The provider {Provider} cannot be used: its discovery document was not read. {Reason} It is asked again in 5 seconds at the soonest; requests with its tokens are answered 503 meanwhile, unless it was read before.")]
    private partial void LogAway(string provider, string reason);

    [LoggerMessage(55, LogLevel.Debug, "A token of the provider {Provider} was refused: {Reason}.")]
    private partial void LogRefused(string provider, string reason);
}
