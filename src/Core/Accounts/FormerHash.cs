using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Core.Accounts;

/// <summary>
/// A password hash of Mozilla's server of Sync 1.1: <c>{SSHA}</c>, <c>{SSHA-256}</c> or <c>{SSCRYPT}</c> in front of digest and salt in base64. An attacker who has one
/// of the first two tries billions of passwords a second, so they are not kept unchanged. The digest is hashed once more, like a password
/// (<see cref="PasswordHash"/>), and the result is stored with <c>scheme$salt$</c> of the old hash in front.
/// </summary>
/// <remarks>Origin: <c>services/util.py</c> of server-core.</remarks>
public sealed record FormerHash
{
    private const int SaltLength = 8;

    // The parameters of py-scrypt, whose defaults the server used.
    private const int ScryptCost = 1 << 14;
    private const int ScryptBlockSize = 8;
    private const int ScryptLength = 64;

    private static readonly (string Mark, string Scheme, int Length)[] Kinds =
        [("{SSHA}", "ssha", 20), ("{SSHA-256}", "ssha-256", 32), ("{SSCRYPT}", "sscrypt", ScryptLength)];

    private readonly string scheme;
    private readonly byte[] digest;
    private readonly byte[] salt;

    private FormerHash(string scheme, byte[] digest, byte[] salt) => (this.scheme, this.digest, this.salt) = (scheme, digest, salt);

    /// <param name="stored">The text in that server's table.</param>
    /// <returns>Null for any other kind of text.</returns>
    public static FormerHash? Parse(string? stored)
    {
        foreach (var (mark, scheme, length) in Kinds)
        {
            if (stored?.StartsWith(mark, StringComparison.Ordinal) != true)
            {
                continue;
            }

            var bytes = new byte[stored.Length];
            return Convert.TryFromBase64String(stored[mark.Length..].Trim(), bytes, out var written) && written == length + SaltLength
                ? new FormerHash(scheme, bytes[..length], bytes[length..written])
                : null;
        }

        return null;
    }

    /// <returns>The text to store in place of a hash of <see cref="PasswordHash"/>, which can verify it.</returns>
    public string Wrap(int iterations = PasswordHash.DefaultIterations) => $"{scheme}${Convert.ToBase64String(salt)}${PasswordHash.Create(digest, iterations)}";

    /// <summary>The hash that the old server would have made of a password.</summary>
    /// <param name="password">The password.</param>
    /// <param name="stored">A text that starts with the first two parts of <see cref="Wrap"/>.</param>
    /// <param name="rest">The text after them.</param>
    /// <returns>Null where the text is of another kind.</returns>
    internal static byte[]? Digest(string password, string stored, out string rest)
    {
        rest = "";
        if (stored.Split('$', 3) is not [var scheme, var salt, var wrapped] || !Kinds.Any(kind => kind.Scheme == scheme))
        {
            return null;
        }

        rest = wrapped;
        return Digest(scheme, Encoding.UTF8.GetBytes(password), Convert.FromBase64String(salt));
    }

    [SuppressMessage("Security", "CA5350", Justification = "What was made by SHA-1 can be verified by SHA-1 alone; it is hashed again.")]
    private static byte[] Digest(string scheme, byte[] password, byte[] salt) => scheme switch
    {
        "ssha" => SHA1.HashData([.. password, .. salt]),
        "ssha-256" => SHA256.HashData([.. password, .. salt]),
        _ => Scrypt.Derive(password, salt, ScryptCost, ScryptBlockSize, ScryptLength),
    };
}
