using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.KeyedAccounts;

namespace Lockstep.Gateway.FirefoxAccounts.Secrets;

/// <summary>
/// A client's token, and what is derived from it: the id that names it, the key that signs requests, and the key that encrypts what is fetched with it.
/// </summary>
/// <param name="Text">32 random bytes, hex.</param>
/// <param name="Id">Hex.</param>
/// <param name="Key">The key of Hawk.</param>
/// <param name="BundleKey">Encrypts what is fetched with it.</param>
internal sealed record TokenSecret(string Text, string Id, byte[] Key, byte[] BundleKey)
{
    public const string NameSpace = "identity.mozilla.com/picl/v1/";
    public const int Bytes = 32;

    /// <summary>The name of each kind in its key derivation, and the prefix of its id as a Bearer.</summary>
    private static readonly Dictionary<AccountTokenKind, (string Name, string Prefix)> Names = new()
    {
        [AccountTokenKind.Session] = ("sessionToken", "fxs_"),
        [AccountTokenKind.KeyFetch] = ("keyFetchToken", "fxk_"),
        [AccountTokenKind.PasswordChange] = ("passwordChangeToken", "fxpc_"),
        [AccountTokenKind.Reset] = ("accountResetToken", "fxar_"),
    };

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static TokenSecret New(AccountTokenKind kind) => Of(kind, RandomNumberGenerator.GetBytes(Bytes));

    public static TokenSecret Of(AccountTokenKind kind, byte[] token)
    {
        var derived = Derive(token, Names[kind].Name, 3 * Bytes);
        return new TokenSecret(Convert.ToHexStringLower(token), Convert.ToHexStringLower(derived.AsSpan(0, Bytes)), derived[Bytes..(2 * Bytes)], derived[(2 * Bytes)..]);
    }

    /// <returns>The kind and the id that a Bearer names; null if it does not have that form.</returns>
    public static (AccountTokenKind Kind, string Id)? OfBearer(string bearer)
    {
        foreach (var (kind, (_, prefix)) in Names)
        {
            if (bearer.StartsWith(prefix, StringComparison.Ordinal))
            {
                return IsHex(bearer.AsSpan(prefix.Length), Bytes) ? (kind, bearer[prefix.Length..]) : null;
            }
        }

        return null;
    }

    /// <summary>The digest by which ids, codes and tokens are looked up: SHA-256, hex.</summary>
    public static string DigestOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    public static byte[] Derive(ReadOnlySpan<byte> secret, string name, int length)
    {
        var output = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, output, salt: default, Encoding.UTF8.GetBytes(NameSpace + name));
        return output;
    }

    /// <summary>Whether a text is hex in lower case of so many bytes.</summary>
    public static bool IsHex(ReadOnlySpan<char> text, int bytes) => text.Length == 2 * bytes && !text.ContainsAnyExcept(HexDigits);
}
