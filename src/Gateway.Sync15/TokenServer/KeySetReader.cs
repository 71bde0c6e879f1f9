using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Records;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Reads a JWK set (RFC 7517). A key that cannot be used is left out: another one may do.</summary>
internal static class KeySetReader
{
    private const int MaxKeys = 50;
    private const int MinModulusBytes = 256;
    private const int MaxModulusBytes = 1024;

    /// <exception cref="JsonException">It is no JWK set.</exception>
    public static IReadOnlyList<SecurityKey> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonText.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("keys", out var keys) && keys.ValueKind == JsonValueKind.Array
            ? [.. keys.EnumerateArray().Take(MaxKeys).Select(ReadKey).OfType<SecurityKey>()]
            : throw new JsonException("No list of keys.");
    }

    private static RsaSecurityKey? ReadKey(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || Text(key, "kty") is not "RSA" || Text(key, "alg") is not (null or "RS256") || Text(key, "use") is not (null or "sig")
            || Bytes(key, "n") is not { Length: >= MinModulusBytes } modulus || Bytes(key, "e") is not { Length: > 0 and <= 8 } exponent)
        {
            return null;
        }

        try
        {
            // Made once, so that one which cannot be is noticed here and not with the first token.
            using var check = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent });
            return new RsaSecurityKey(new RSAParameters { Modulus = modulus, Exponent = exponent }) { KeyId = Text(key, "kid") };
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement key, string name) => key.TryGetProperty(name, out var value) ? JsonText.Read(value) : null;

    private static byte[]? Bytes(JsonElement key, string name)
    {
        var bytes = new byte[MaxModulusBytes];
        return Text(key, name) is { } text && Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done ? bytes[..length] : null;
    }
}
