using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.FirefoxAccounts.Secrets;

/// <summary>
/// The server's own key, which is kept outside the database. Data that must be read back is encrypted (AES-256-GCM) under a key derived from it, and bound to
/// its purpose and owner.
/// </summary>
public sealed class AccountKey
{
    private const int KeyBytes = 32;

    private readonly byte[] key;

    /// <param name="secret">The text of the file or the setting: at least 32 characters.</param>
    public AccountKey(string secret) => key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyBytes, salt: [], "lockstep accounts"u8.ToArray());

    /// <summary>Derives a secret of this server for one purpose.</summary>
    public byte[] Derive(string purpose, int length = KeyBytes) => HKDF.Expand(HashAlgorithmName.SHA256, key, length, Encoding.UTF8.GetBytes(purpose));

    /// <summary>A MAC of a text, which only this server can make. It is the same each time.</summary>
    public byte[] Mac(string purpose, string text) => HMACSHA256.HashData(Derive("mac " + purpose), Encoding.UTF8.GetBytes(text));

    /// <param name="purpose">What is sealed, and whose it is. Data that is sealed for one purpose opens for no other.</param>
    /// <param name="plain">The bytes to seal.</param>
    /// <returns>Base64.</returns>
    public string Seal(string purpose, ReadOnlySpan<byte> plain) => Seal(Derive("seal"), purpose, plain);

    /// <returns>Null if it was not sealed here, or was sealed for another purpose.</returns>
    public byte[]? Open(string purpose, string? text) => Open(Derive("seal"), purpose, text);

    /// <summary>Like <see cref="Seal(string, ReadOnlySpan{byte})"/>, under another key.</summary>
    internal static string Seal(ReadOnlySpan<byte> key, string purpose, ReadOnlySpan<byte> plain) =>
        Convert.ToBase64String(SealedBytes.Seal(key, plain, Encoding.UTF8.GetBytes(purpose)));

    internal static byte[]? Open(ReadOnlySpan<byte> key, string purpose, string? text) =>
        text is null ? null : SealedBytes.Open(key, Convert.FromBase64String(text), Encoding.UTF8.GetBytes(purpose));

    /// <summary>Never shows the key.</summary>
    public override string ToString() => nameof(AccountKey);
}
