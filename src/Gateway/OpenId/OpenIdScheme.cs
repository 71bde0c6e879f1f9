using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Access tokens that others give out. A signed one is verified by the keys of the provider that it names, and shown to nobody unless that provider is
/// to be asked; one that is not signed is shown to the one provider that takes such.
/// </summary>
internal sealed class OpenIdScheme(string word, IReadOnlyList<OpenIdProvider> providers) : IAuthenticationScheme
{
    /// <summary>Characters of a token.</summary>
    public const int MaxLength = 8192;

    private readonly Dictionary<string, OpenIdProvider> byIssuer = providers.ToDictionary(static provider => provider.Options.Issuer, StringComparer.Ordinal);
    private readonly OpenIdProvider? opaque = providers.FirstOrDefault(static provider => provider.TakesOpaque);

    public string Name => word;

    public async ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        // What RFC 6750 has for one, so that nothing else gets into a header elsewhere.
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
