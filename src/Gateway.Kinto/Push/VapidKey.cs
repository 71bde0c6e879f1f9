using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>
/// The key by which push services know this server (RFC 8292), on P-256. It is derived from the database's secret: all servers of one database have it, a copy of the database
/// keeps it, and nothing more is to be kept secret.
/// </summary>
internal sealed class VapidKey(AccountSecret secret)
{
    private const int ScalarBytes = 32;

    private static readonly BigInteger Order = BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private readonly Lazy<ECParameters> key = new(() => Derive(secret));

    /// <summary>The point, not compressed, as base64url: what browsers call <c>applicationServerKey</c>.</summary>
    public string PublicKey => Base64Url.EncodeToString(PushEncryption.Point(key.Value.Q));

    /// <summary>The header <c>Authorization</c> for a request to a push service.</summary>
    /// <param name="endpoint">The URL.</param>
    /// <param name="subject">Whom the push service can ask.</param>
    /// <param name="expires">Until when it is good; at most a day from now.</param>
    public string Authorization(Uri endpoint, string subject, DateTimeOffset expires)
    {
        var claims = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(claims))
        {
            json.WriteStartObject();
            json.WriteString("aud", endpoint.GetLeftPart(UriPartial.Authority));
            json.WriteNumber("exp", expires.ToUnixTimeSeconds());
            json.WriteString("sub", subject);
            json.WriteEndObject();
        }

        var text = $"{Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8)}.{Base64Url.EncodeToString(claims.WrittenSpan)}";
        using var signer = ECDsa.Create(key.Value);
        return $"vapid t={text}.{Base64Url.EncodeToString(signer.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}, k={PublicKey}";
    }

    /// <summary>FIPS 186-5, A.2.1: with so many more bits than the order has, no scalar is likelier than others.</summary>
    private static ECParameters Derive(AccountSecret secret)
    {
        var wide = HMACSHA384.HashData(secret.Value.Span, "key for push services (VAPID)"u8);
        var scalar = (new BigInteger(wide, isUnsigned: true, isBigEndian: true) % (Order - 1)) + 1;
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        using var pair = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = [.. new byte[ScalarBytes - bytes.Length], .. bytes] });
        return pair.ExportParameters(includePrivateParameters: true);
    }
}
