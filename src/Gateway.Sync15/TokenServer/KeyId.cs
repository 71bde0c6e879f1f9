using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>A request's headers about the key that encrypts the user's data: <c>X-KeyID</c> and <c>X-Client-State</c>.</summary>
/// <param name="KeysChangedAt">When the key was made, in a unit of the account server's own; 0: not given.</param>
/// <param name="Fingerprint">The key's fingerprint, hex; may be empty.</param>
internal sealed record KeyId(long KeysChangedAt, string Fingerprint)
{
    private const int MaxLength = 128;
    private const int MaxFingerprintBytes = 16;
    private const int MaxClientStateLength = 32;

    private static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <param name="keyId">The header; null for none.</param>
    /// <param name="clientState">The header; null for none.</param>
    /// <returns>Either the key id or an error.</returns>
    public static (KeyId? Read, TokenError? Error) Parse(string? keyId, string? clientState)
    {
        if (keyId is null)
        {
            return (null, TokenError.NoKeyId);
        }

        // Split at the first dash, since the rest may contain dashes.
        var dash = keyId.Length > MaxLength ? -1 : keyId.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || Decode(keyId.AsSpan(dash + 1)) is not { } fingerprint)
        {
            return (null, TokenError.InvalidCredentials);
        }

        if (clientState is not null)
        {
            if (clientState.Length is 0 or > MaxClientStateLength || !clientState.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            {
                return (null, TokenError.BadClientState);
            }

            if (!string.Equals(clientState, fingerprint, StringComparison.Ordinal))
            {
                return (null, TokenError.OtherClientState);
            }
        }

        return long.TryParse(keyId.AsSpan(0, dash), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var changed)
            && changed is >= 0 and <= VerifiedUser.MaxNumber
            ? (new KeyId(changed, fingerprint), null)
            : (null, TokenError.InvalidCredentials);
    }

    /// <summary>As tokens name it: thirteen digits, a dash, and the fingerprint in base64.</summary>
    public static string Text(long keysChangedAt, string fingerprint) =>
        string.Create(CultureInfo.InvariantCulture, $"{keysChangedAt:D13}-{Base64Url.EncodeToString(Convert.FromHexString(fingerprint))}");

    /// <returns>In hex; null when it is no base64 for URLs, is padded, or has bits more than its bytes.</returns>
    private static string? Decode(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[MaxFingerprintBytes];
        return !text.ContainsAnyExcept(Base64UrlCharacters)
            && Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done
            && text.SequenceEqual(Base64Url.EncodeToString(bytes[..length]))
            ? Convert.ToHexStringLower(bytes[..length])
            : null;
    }
}
