using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Core.Accounts;

/// <summary>
/// PBKDF2-HMAC-SHA512 of the framework, with the parameters written beside the hash so that they can be raised later:
/// <c>pbkdf2-sha512$iterations$salt$hash</c>, salt and hash in base64.
/// </summary>
public static class PasswordHash
{
    /// <summary>Default iterations: the OWASP figure for PBKDF2-HMAC-SHA512.</summary>
    public const int DefaultIterations = 210_000;

    /// <summary>Stands in place of a hash for an account without a password: nothing equals it.</summary>
    public const string None = "none";

    private const string Scheme = "pbkdf2-sha512";
    private const int SaltLength = 16;
    private const int HashLength = 32;

    public static string Create(string password, int iterations = DefaultIterations) => Create(Encoding.UTF8.GetBytes(password), iterations);

    /// <summary>As <see cref="Create(string, int)"/>, of bytes.</summary>
    internal static string Create(ReadOnlySpan<byte> password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA512, HashLength);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    /// <summary>Whether a stored text is of this form.</summary>
    public static bool IsOne(string stored) => stored.StartsWith(Scheme + "$", StringComparison.Ordinal);

    /// <summary>Compares in constant time, including hashes from <see cref="FormerHash"/>. False for a stored text of another form.</summary>
    public static bool Verify(string password, string stored) =>
        FormerHash.Digest(password, stored, out var wrapped) is { } digest ? Verify(digest, wrapped) : Verify(Encoding.UTF8.GetBytes(password), stored);

    private static bool Verify(ReadOnlySpan<byte> password, string stored)
    {
        var parts = stored.Split('$');
        if (parts.Length != 4 || !string.Equals(parts[0], Scheme, StringComparison.Ordinal)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations))
        {
            return false;
        }

        var expected = Convert.FromBase64String(parts[3]);
        var actual = Rfc2898DeriveBytes.Pbkdf2(
            password, Convert.FromBase64String(parts[2]), iterations, HashAlgorithmName.SHA512, expected.Length);
        return CryptographicOperations.FixedTimeEquals(expected, actual);
    }
}
