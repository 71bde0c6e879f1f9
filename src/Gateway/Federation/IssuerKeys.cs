using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Federation;

/// <summary>The keys that an issuer signs with, kept as <see cref="IssuerDocument{T}"/> says. Safe for concurrent use.</summary>
/// <param name="read">Reads the JWK set (RFC 7517).</param>
/// <param name="algorithms">The accepted ones of <see cref="Rs256"/> and <see cref="Es256"/>. Keys for others are ignored.</param>
/// <param name="time">The clock.</param>
public sealed class IssuerKeys(Func<Task<ReadOnlyMemory<byte>>> read, IReadOnlyList<string> algorithms, TimeProvider time)
{
    public const string Rs256 = SecurityAlgorithms.RsaSha256;
    public const string Es256 = SecurityAlgorithms.EcdsaSha256;

    private static readonly JsonWebTokenHandler Handler = new();

    private readonly IssuerDocument<IReadOnlyList<SecurityKey>> keys = new(async () => KeySetReader.Read(await read(), algorithms), time);

    /// <summary>Whether a token was signed by one of them. If none fits, they are read again.</summary>
    /// <param name="token">The token. Only its signature is checked.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<SignatureCheck> CheckAsync(SignedToken token, CancellationToken cancellationToken)
    {
        var first = await keys.GetAsync(unfit: null, cancellationToken);
        if (await FitsAsync(token, first.Value))
        {
            return SignatureCheck.Right;
        }

        var again = await keys.GetAsync(first, cancellationToken);
        return !ReferenceEquals(again, first) && await FitsAsync(token, again.Value) ? SignatureCheck.Right
            : !again.IsCurrent ? SignatureCheck.NotNow
            : again.Value is { Count: > 0 } ? SignatureCheck.Wrong
            : SignatureCheck.NoKeys;
    }

    /// <summary>Whether any keys are known, even from an earlier reading.</summary>
    public async ValueTask<bool> AnyAsync(CancellationToken cancellationToken) => (await keys.GetAsync(unfit: null, cancellationToken)).Value is { Count: > 0 };

    private async ValueTask<bool> FitsAsync(SignedToken token, IReadOnlyList<SecurityKey>? known) => known is { Count: > 0 } && (await Handler.ValidateTokenAsync(token.Jwt, new TokenValidationParameters
    {
        // The kid is no help: issuers have given one kid to two keys, and two to one key.
        IssuerSigningKeyResolver = (_, _, _, _) => known,
        ValidAlgorithms = algorithms,

        // Checked elsewhere, by the clock of this server.
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        RequireExpirationTime = false,
        LogValidationExceptions = false,
    })).IsValid;
}
