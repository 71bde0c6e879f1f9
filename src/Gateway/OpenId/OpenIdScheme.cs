using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Access tokens of other servers. A signed token is verified with the keys of the provider that it names, and only sent to that provider if its settings
/// say so. An unsigned token is sent to the one provider that accepts such tokens.
/// </summary>
internal sealed class OpenIdScheme(string word, IReadOnlyList<OpenIdProvider> providers) : IAuthenticationScheme
{
    /// <summary>Maximal characters of a token.</summary>
    public const int MaxLength = 8192;

    private readonly Dictionary<string, OpenIdProvider> byIssuer = providers.ToDictionary(static provider => provider.Options.Issuer, StringComparer.Ordinal);
    private readonly OpenIdProvider? opaque = providers.FirstOrDefault(static provider => provider.TakesOpaque);

    public string Name => word;

    public async ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        // The characters that RFC 6750 allows, so that nothing else gets into a header to another server.
        var token = request.Authorization.AsSpan().Trim()[word.Length..].Trim().ToString();
        if (token.Length is 0 or > MaxLength || !token.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '='))
        {
            return SignIn.Refused;
        }

        var who = Admission.Whose(principal: null, request.Address);
        if (SignedToken.Parse(token) is not { } signed)
        {
            return opaque is null ? SignIn.Refused : await opaque.VerifyAsync(token, who, cancellationToken);
        }

        using var claims = signed.ReadClaims();
        return claims is not null && Claims.Text(claims.RootElement, "iss") is { } issuer && byIssuer.TryGetValue(issuer, out var provider)
            ? await provider.VerifyAsync(token, signed, claims.RootElement, who, cancellationToken)
            : SignIn.Refused;
    }
}
