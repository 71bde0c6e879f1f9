using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Encrypts messages so that only the app can read them, not the push service: RFC 8291, in one record of RFC 8188 (<c>aes128gcm</c>).</summary>
internal static class PushEncryption
{
    public const int AuthBytes = 16;
    public const int SaltBytes = 16;

    private const int CoordinateBytes = 32;
    private const int PointBytes = 1 + (2 * CoordinateBytes);
    private const int KeyBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int RecordBytes = 4096;
    private const byte Uncompressed = 4;
    private const byte LastRecord = 2;

    /// <param name="plain">The message, of less than 4,000 bytes.</param>
    /// <param name="receiver">The app's public key, as of <see cref="IsPublicKey"/>.</param>
    /// <param name="auth">The secret that the app has given.</param>
    /// <param name="sender">A key pair for this message alone.</param>
    /// <param name="salt">Random, for this message alone.</param>
    /// <returns>The body of the request.</returns>
    public static byte[] Encrypt(ReadOnlySpan<byte> plain, byte[] receiver, byte[] auth, ECDiffieHellman sender, byte[] salt)
    {
        // :: Step 1: the secret of both key pairs, and the app's own (RFC 8291, 3.3 and 3.4).
        var own = Point(sender.ExportParameters(includePrivateParameters: false).Q);
        using var peer = ECDiffieHellman.Create(Parameters(receiver));
        var shared = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, sender.DeriveRawSecretAgreement(peer.PublicKey), 32, auth, [.. "WebPush: info\0"u8, .. receiver, .. own]);

        // :: Step 2: key and nonce of the record (RFC 8188, 2.2 and 2.3).
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, KeyBytes, salt, [.. "Content-Encoding: aes128gcm\0"u8]);
        var nonce = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, NonceBytes, salt, [.. "Content-Encoding: nonce\0"u8]);

        // :: Step 3: header and record (RFC 8188, 2 and 2.1).
        var begin = SaltBytes + sizeof(uint) + 1 + PointBytes;
        var body = new byte[begin + plain.Length + 1 + TagBytes];
        salt.CopyTo(body, 0);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(SaltBytes), RecordBytes);
        body[SaltBytes + sizeof(uint)] = PointBytes;
        own.CopyTo(body, SaltBytes + sizeof(uint) + 1);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, [.. plain, LastRecord], body.AsSpan(begin, plain.Length + 1), body.AsSpan(begin + plain.Length + 1));
        return body;
    }

    /// <summary>Whether it is a point of P-256, not compressed.</summary>
    public static bool IsPublicKey(byte[] point)
    {
        if (point.Length != PointBytes || point[0] != Uncompressed)
        {
            return false;
        }

        try
        {
            using var key = ECDiffieHellman.Create(Parameters(point));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>A point of P-256 as bytes, not compressed.</summary>
    public static byte[] Point(ECPoint point) => [Uncompressed, .. point.X!, .. point.Y!];

    private static ECParameters Parameters(byte[] point) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = point[1..(1 + CoordinateBytes)], Y = point[(1 + CoordinateBytes)..] },
    };
}
