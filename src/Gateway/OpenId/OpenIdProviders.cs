using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.OpenId;

/// <summary>All providers of the settings; none where nothing is set.</summary>
public sealed class OpenIdProviders : IDisposable
{
    private readonly OtherServerClient http;

    public OpenIdProviders(OpenIdOptions options, AccountSecret secret, GatewayMetrics metrics, TimeProvider time, ILogger<OpenIdProvider> logger)
    {
        http = new OtherServerClient(options.Timeout, options.Proxy, time);
        All = [.. options.All().Select(provider => new OpenIdProvider(provider, options, secret, http, metrics, time, logger))];
        Schemes = [.. All.GroupBy(static provider => provider.Options.HeaderType, StringComparer.OrdinalIgnoreCase).Select(static group => new OpenIdScheme(group.Key, [.. group]))];
    }

    public IReadOnlyList<OpenIdProvider> All { get; }

    /// <summary>One scheme for each word in front of a token.</summary>
    public IReadOnlyList<IAuthenticationScheme> Schemes { get; }

    /// <returns>Null when there is no provider of that name.</returns>
    public OpenIdProvider? Find(string name) => All.FirstOrDefault(provider => string.Equals(provider.Options.Name, name, StringComparison.Ordinal));

    public void Dispose() => http.Dispose();
}
