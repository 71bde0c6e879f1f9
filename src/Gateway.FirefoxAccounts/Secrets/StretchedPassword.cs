using System.Globalization;
using System.Security.Cryptography;
using Konscious.Security.Cryptography;

namespace Lockstep.Gateway.FirefoxAccounts.Secrets;

/// <summary>
/// Argon2id of authPW. It gives a verifier, which is stored, and a key, which is not. The server's half of kB is encrypted under that key. Both come from one
/// output, so that somebody who has the database pays for one Argon2id for each guess, and opens nothing without the password.
/// </summary>
/// <param name="Hash">Parameters, salt and verifier: <c>argon2id$m=19456,t=2,p=1$salt$verifier</c>.</param>
/// <param name="WrapKey">32 bytes.</param>
internal sealed record StretchedPassword(string Hash, byte[] WrapKey)
{
    private const string Scheme = "argon2id";
    private const string Purpose = "wrapped key of ";
    private const int SaltBytes = 16;
    private const int HalfBytes = 32;

    /// <summary>Stretches a new password.</summary>
    public static StretchedPassword Of(ReadOnlySpan<byte> authPw, int memoryKiB, int iterations) =>
        Of(authPw, memoryKiB, iterations, RandomNumberGenerator.GetBytes(SaltBytes));

    /// <summary>Whether a stored hash is of this kind, and not of a password of Kinto.</summary>
    public static bool IsOne(string stored) => stored.StartsWith(Scheme + "$", StringComparison.Ordinal);

    /// <param name="authPw">The value that a client sends.</param>
    /// <param name="stored">As <see cref="Hash"/>.</param>
    /// <returns>The password, stretched with the parameters of the stored hash; null if that is of another kind. Compare the hashes.</returns>
    public static StretchedPassword? Of(ReadOnlySpan<byte> authPw, string stored)
    {
        var parts = stored.Split('$');
        var parameters = parts.Length == 4 && string.Equals(parts[0], Scheme, StringComparison.Ordinal) ? parts[1].Split(',') : [];
        return parameters is [['m', '=', .. var memory], ['t', '=', .. var passes], "p=1"]
            && int.TryParse(memory, NumberStyles.None, CultureInfo.InvariantCulture, out var memoryKiB)
            && int.TryParse(passes, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            ? Of(authPw, memoryKiB, iterations, Convert.FromBase64String(parts[2]))
            : null;
    }

    /// <summary>Whether this is the stored password. Takes constant time.</summary>
    public bool Is(string stored) => CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(Hash), System.Text.Encoding.ASCII.GetBytes(stored));

    public string Wrap(string uid, ReadOnlySpan<byte> key) => AccountKey.Seal(WrapKey, Purpose + uid, key);

    /// <returns>Null if it was wrapped with another password.</returns>
    public byte[]? Unwrap(string uid, string wrapped) => AccountKey.Open(WrapKey, Purpose + uid, wrapped);

    private static StretchedPassword Of(ReadOnlySpan<byte> authPw, int memoryKiB, int iterations, byte[] salt)
    {
        using var argon = new Argon2id(authPw.ToArray()) { Salt = salt, MemorySize = memoryKiB, Iterations = iterations, DegreeOfParallelism = 1 };
        var output = argon.GetBytes(2 * HalfBytes);
        var hash = string.Create(
            CultureInfo.InvariantCulture,
            $"{Scheme}$m={memoryKiB},t={iterations},p=1${Convert.ToBase64String(salt)}${Convert.ToBase64String(output.AsSpan(0, HalfBytes))}");
        return new StretchedPassword(hash, output[HalfBytes..]);
    }
}
