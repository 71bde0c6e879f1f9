using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>An app with a push subscription, as a browser has it: makes the keys, and reads what is sent to it (RFC 8291).</summary>
internal sealed class PushApp : IDisposable
{
    private readonly ECDiffieHellman pair;
    private readonly byte[] auth;

    public PushApp()
        : this(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), RandomNumberGenerator.GetBytes(16))
    {
    }

    public PushApp(ECDiffieHellman pair, byte[] auth) => (this.pair, this.auth) = (pair, auth);

    /// <summary>Of a push service that the settings of the tests have.</summary>
    public string Endpoint { get; init; } = $"https://{Host}/{Guid.NewGuid():N}";

    public const string Host = "push.example.org";

    public string PublicKey => Base64Url.EncodeToString(Point(pair.ExportParameters(includePrivateParameters: false).Q));

    public string AuthSecret => Base64Url.EncodeToString(auth);

    /// <summary>The body of a PUT.</summary>
    public string Body(string path) => JsonSerializer.Serialize(new
    {
        data = new { endpoint = Endpoint, expirationTime = (long?)null, keys = new { p256dh = PublicKey, auth = AuthSecret }, path },
    });

    /// <summary>The text of a message.</summary>
    public byte[] Read(byte[] body)
    {
        var (salt, length) = (body[..16], body[20]);
        var sender = body[21..(21 + length)];
        using var peer = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = sender[1..33], Y = sender[33..] } });
        byte[] info = [.. "WebPush: info\0"u8, .. Base64Url.DecodeFromChars(PublicKey), .. sender];
        var shared = HKDF.DeriveKey(HashAlgorithmName.SHA256, pair.DeriveRawSecretAgreement(peer.PublicKey), 32, auth, info);
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 16, salt, "Content-Encoding: aes128gcm\0"u8.ToArray());
        var nonce = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 12, salt, "Content-Encoding: nonce\0"u8.ToArray());
        var record = body[(21 + length)..];
        var plain = new byte[record.Length - 16];
        using var cipher = new AesGcm(key, 16);
        cipher.Decrypt(nonce, record[..^16], record[^16..], plain);
        Assert.Equal(2, plain[^1]);
        return plain[..^1];
    }

    public void Dispose() => pair.Dispose();

    private static byte[] Point(ECPoint point) => [4, .. point.X!, .. point.Y!];
}
