using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Records;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Federation;

/// <summary>Reads a JWK set (RFC 7517). Skips a key that cannot be used, since another one may fit.</summary>
internal static class KeySetReader
{
    private const int MaxKeys = 50;
    private const int MinModulusBytes = 256;
    private const int MaxModulusBytes = 1024;
    private const int CoordinateBytes = 32;

    /// <param name="json">The set.</param>
    /// <param name="algorithms">The algorithms that keys are needed for.</param>
    /// <exception cref="JsonException">It is not a JWK set.</exception>
    public static IReadOnlyList<SecurityKey> Read(ReadOnlyMemory<byte> json, IReadOnlyList<string> algorithms)
    {
        using var document = JsonText.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("keys", out var keys) && keys.ValueKind == JsonValueKind.Array
            ? [.. keys.EnumerateArray().Take(MaxKeys).Select(key => ReadKey(key, algorithms)).OfType<SecurityKey>()]
            : throw new JsonException("No list of keys.");
    }

    private static SecurityKey? ReadKey(JsonElement key, IReadOnlyList<string> algorithms)
    {
        if (key.ValueKind != JsonValueKind.Object || Claims.Text(key, "use") is not (null or "sig"))
        {
            return null;
        }

        var algorithm = Claims.Text(key, "kty") switch
        {
            "RSA" => IssuerKeys.Rs256,
            "EC" when Claims.Text(key, "crv") is "P-256" => IssuerKeys.Es256,
            _ => null,
        };
        return algorithm is null || !algorithms.Contains(algorithm, StringComparer.Ordinal) || (Claims.Text(key, "alg") is { } own && !string.Equals(own, algorithm, StringComparison.Ordinal)) ? null
            : algorithm is IssuerKeys.Rs256 ? ReadRsa(key)
            : ReadEc(key);
    }

    private static RsaSecurityKey? ReadRsa(JsonElement key)
    {
        if (Bytes(key, "n") is not { Length: >= MinModulusBytes } modulus || Bytes(key, "e") is not { Length: > 0 and <= 8 } exponent)
        {
            return null;
        }

        try
        {
            // Made once, so that an invalid key is noticed here and not with the first token.
            using var check = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent });
            return new RsaSecurityKey(new RSAParameters { Modulus = modulus, Exponent = exponent }) { KeyId = Claims.Text(key, "kid") };
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static JsonWebKey? ReadEc(JsonElement key)
    {
        if (Bytes(key, "x") is not { Length: CoordinateBytes } x || Bytes(key, "y") is not { Length: CoordinateBytes } y)
        {
            return null;
        }

        try
        {
            // A point that is not on the curve is noticed here.
            using var check = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
            return new JsonWebKey { Kty = "EC", Crv = "P-256", X = Base64Url.EncodeToString(x), Y = Base64Url.EncodeToString(y), Kid = Claims.Text(key, "kid") };
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[]? Bytes(JsonElement key, string name)
    {
        var bytes = new byte[MaxModulusBytes];
        return Claims.Text(key, name) is { } text && Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done ? bytes[..length] : null;
    }
}
