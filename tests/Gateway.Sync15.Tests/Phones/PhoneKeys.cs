using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>The key of <c>crypto/keys</c>. It seals payloads, so that data under another key is noticed; it hides nothing.</summary>
internal sealed class PhoneKeys(byte[] key)
{
    public static PhoneKeys New() => new(RandomNumberGenerator.GetBytes(32));

    /// <summary>The payload of <c>crypto/keys</c>.</summary>
    public string Payload() => Sealed(new byte[32], Convert.ToBase64String(key));

    /// <exception cref="PhoneFault">The payload is none.</exception>
    public static PhoneKeys Read(string payload) => new(Convert.FromBase64String(Opened(new byte[32], payload)));

    public string Seal(string text) => Sealed(key, text);

    /// <exception cref="PhoneFault">It was sealed with another key.</exception>
    public string Open(string payload) => Opened(key, payload);

    private static string Sealed(byte[] key, string text)
    {
        var ciphertext = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        return new JsonObject
        {
            ["ciphertext"] = ciphertext,
            ["IV"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)),
            ["hmac"] = Hmac(key, ciphertext),
        }.ToJsonString();
    }

    private static string Opened(byte[] key, string payload)
    {
        using var envelope = JsonDocument.Parse(payload);
        var ciphertext = envelope.RootElement.GetProperty("ciphertext").GetString()!;
        return Hmac(key, ciphertext) == envelope.RootElement.GetProperty("hmac").GetString()
            ? Encoding.UTF8.GetString(Convert.FromBase64String(ciphertext))
            : throw new PhoneFault("The payload was sealed with another key.");
    }

    private static string Hmac(byte[] key, string ciphertext) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(ciphertext)));
}
