using System.Security.Cryptography;

namespace Lockstep.Gateway.FirefoxAccounts.Secrets;

/// <summary>An account's keys as <c>account/keys</c> gives them: encrypted under a key that the token's holder can derive.</summary>
internal static class KeyBundle
{
    private const string Name = "account/keys";
    private const int KeyBytes = 32;

    /// <param name="bundleKey">The token's bundle key.</param>
    /// <param name="first">kA, 32 bytes.</param>
    /// <param name="wrapped">The server's half of kB, 32 bytes.</param>
    /// <returns>96 bytes, hex.</returns>
    public static string Of(ReadOnlySpan<byte> bundleKey, ReadOnlySpan<byte> first, ReadOnlySpan<byte> wrapped)
    {
        var keys = TokenSecret.Derive(bundleKey, Name, 3 * KeyBytes);
        var output = new byte[3 * KeyBytes];
        first.CopyTo(output);
        wrapped.CopyTo(output.AsSpan(KeyBytes));
        for (var i = 0; i < 2 * KeyBytes; i++)
        {
            output[i] ^= keys[KeyBytes + i];
        }

        HMACSHA256.HashData(keys.AsSpan(0, KeyBytes), output.AsSpan(0, 2 * KeyBytes), output.AsSpan(2 * KeyBytes));
        return Convert.ToHexStringLower(output);
    }
}
