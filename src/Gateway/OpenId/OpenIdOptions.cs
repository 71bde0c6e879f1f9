using System.Globalization;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.OpenId;

/// <summary>Settings of sign-in with accounts of other servers, by OpenID Connect and OAuth 2.</summary>
public sealed record OpenIdOptions
{
    /// <summary>The providers, numbered from "1". Default: none; tokens of other servers are refused.</summary>
    public IReadOnlyDictionary<string, OpenIdProviderOptions> Providers { get; init; } = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal);

    /// <summary>How long a provider may take to answer. Default: 5 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Minute)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>URL of the proxy through which providers are reached. Default: none; then <c>HTTPS_PROXY</c> of the environment counts.</summary>
    public string? Proxy { get; init; }

    /// <summary>How long an unsigned token is accepted after its provider was asked, at most until it expires. Default: 1 minute.</summary>
    [Bounds(0)]
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Unsigned tokens remembered for each provider, as digests. Default: 10,000.</summary>
    [Bounds(1)]
    public int CacheEntries { get; init; } = 10_000;

    /// <summary>How long a user may take to sign in at a provider. Default: 1 hour.</summary>
    [Bounds(BoundsAttribute.Minute)]
    public TimeSpan LoginTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The providers in the order of their numbers.</summary>
    public IEnumerable<OpenIdProviderOptions> All() => Enumerable.Range(1, Providers.Count).Select(number => Providers[number.ToString(CultureInfo.InvariantCulture)]);

    /// <returns>Problems that no declaration covers: what is wrong, and the fix.</returns>
    public IEnumerable<string> Problems()
    {
        for (var number = 1; number <= Providers.Count; number++)
        {
            var setting = string.Create(CultureInfo.InvariantCulture, $"OpenId:Providers:{number}");
            if (!Providers.TryGetValue(number.ToString(CultureInfo.InvariantCulture), out var provider))
            {
                yield return $"{setting} is not set. Providers are numbered 1, 2, 3 and so on without a gap.";
                yield break;
            }

            foreach (var problem in provider.Problems(setting))
            {
                yield return problem;
            }
        }

        if (Twice(static provider => provider.Name) is { } name)
        {
            yield return $"Two providers have the name '{name}'. By it their users are told apart.";
        }

        if (Twice(static provider => provider.Issuer) is { } issuer)
        {
            yield return $"Two providers have the issuer '{issuer}'. A token would be of both.";
        }

        if (All().Where(static provider => provider.OpaqueTokens is not OpaqueTokens.Refused)
            .GroupBy(static provider => provider.HeaderType, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static group => group.Count() > 1) is { } word)
        {
            yield return $"More than one provider takes opaque tokens behind '{word.Key}'. Such a token does not say whose it is, and must not be shown to another; give one a HeaderType of its own.";
        }

        if (Proxy is not null && !(Uri.TryCreate(Proxy, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https"))
        {
            // Not repeated, since it may contain a password.
            yield return "OpenId:Proxy is no URL. Use something like http://proxy.example.org:3128.";
        }
    }

    private string? Twice(Func<OpenIdProviderOptions, string> what) =>
        All().GroupBy(what, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1)?.Key;
}
