using System.Security.Cryptography;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Bytes that are encrypted and authenticated with AES-256-GCM: a random nonce, what was sealed, and the tag, one after the other. What browsers keep and what is in databases has
/// this form, and servers of several versions read it: it never changes.
/// </summary>
public static class SealedBytes
{
    /// <summary>The nonce, which comes first. No two that were sealed have the same.</summary>
    public const int NonceBytes = 12;

    private const int TagBytes = 16;

    /// <param name="key">32 bytes.</param>
    /// <param name="plain">What is sealed.</param>
    /// <param name="boundTo">It opens only with the same: what it is, or whose. Empty for nothing.</param>
    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> boundTo = default)
    {
        var output = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(output.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(output.AsSpan(0, NonceBytes), plain, output.AsSpan(NonceBytes, plain.Length), output.AsSpan(NonceBytes + plain.Length), boundTo);
        return output;
    }

    /// <returns>What was sealed; null when that was not with this key, or was bound to something else.</returns>
    public static byte[]? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> boundTo = default)
    {
        if (input.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[input.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(input[..NonceBytes], input[NonceBytes..^TagBytes], input[^TagBytes..], plain, boundTo);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
