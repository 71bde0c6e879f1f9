using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.OpenId;

/// <summary>The endpoints of a provider (OpenID Connect Discovery 1.0, 3). Endpoints without a safe URL are null.</summary>
/// <param name="Keys">Its JWK set.</param>
/// <param name="Authorization">The endpoint where users sign in.</param>
/// <param name="Token">The endpoint that exchanges codes.</param>
/// <param name="Userinfo">The endpoint that names a token's user.</param>
/// <param name="Introspection">The endpoint that checks tokens.</param>
/// <param name="NamesItself">Whether its redirects name it (RFC 9207).</param>
public sealed record ProviderMetadata(string? Keys, string? Authorization, string? Token, string? Userinfo, string? Introspection, bool NamesItself)
{
    /// <param name="json">The document.</param>
    /// <param name="issuer">The issuer that it must belong to.</param>
    /// <exception cref="JsonException">It is not such a document, or another issuer's.</exception>
    internal static ProviderMetadata Read(ReadOnlyMemory<byte> json, string issuer)
    {
        using var document = JsonText.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("No object.");
        }

        return !string.Equals(Claims.Text(root, "issuer"), issuer, StringComparison.Ordinal)
            ? throw new JsonException("Its issuer is not the one of the settings, letter by letter.")
            : new ProviderMetadata(
                Url("jwks_uri"), Url("authorization_endpoint"), Url("token_endpoint"), Url("userinfo_endpoint"), Url("introspection_endpoint"),
                root.TryGetProperty("authorization_response_iss_parameter_supported", out var names) && names.ValueKind == JsonValueKind.True);

        string? Url(string name) => Claims.Text(root, name) is { } url && SafeUrl.IsOne(url) ? new Uri(url).AbsoluteUri : null;
    }
}
