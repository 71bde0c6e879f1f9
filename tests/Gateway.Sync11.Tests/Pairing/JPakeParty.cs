using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests.Pairing;

/// <summary>
/// One of two who agree on a key by J-PAKE: they know a secret of eight characters, and whoever carries their messages learns nothing of key or secret. Messages look as
/// clients' do, and what is encrypted too.
/// </summary>
/// <remarks>F. Hao, P. Ryan: Password Authenticated Key Exchange by Juggling, 2008. RFC 8236.</remarks>
internal sealed class JPakeParty(string id, string secret)
{
    private const string Known = "0123456789ABCDEF";

    private readonly BigInteger s = new(Encoding.UTF8.GetBytes(secret), isUnsigned: true, isBigEndian: true);
    private readonly BigInteger x1 = Proof.RandomExponent();
    private readonly BigInteger x2 = Proof.RandomExponent();
    private BigInteger gx3;
    private BigInteger gx4;
    private byte[] encryption = [];
    private byte[] authentication = [];

    private string Peer => id == "sender" ? "receiver" : "sender";

    private BigInteger Gx1 => JPakeGroup.Power(JPakeGroup.G, x1);

    private BigInteger Gx2 => JPakeGroup.Power(JPakeGroup.G, x2);

    public string One() => Message(1, new
    {
        gx1 = JPakeGroup.Hex(Gx1),
        gx2 = JPakeGroup.Hex(Gx2),
        zkp_x1 = Proof.Of(x1, JPakeGroup.G, id).ToJson(),
        zkp_x2 = Proof.Of(x2, JPakeGroup.G, id).ToJson(),
    });

    public string Two(JsonElement one)
    {
        var payload = Payload(one, 1);
        (gx3, gx4) = (JPakeGroup.Parse(payload.GetProperty("gx1").GetString()!), JPakeGroup.Parse(payload.GetProperty("gx2").GetString()!));
        Assert.NotEqual(BigInteger.One, gx4);
        Assert.True(Proof.Read(payload.GetProperty("zkp_x1")).Holds(gx3, JPakeGroup.G, Peer));
        Assert.True(Proof.Read(payload.GetProperty("zkp_x2")).Holds(gx4, JPakeGroup.G, Peer));
        var generator = Gx1 * gx3 * gx4 % JPakeGroup.P;
        return Message(2, new { A = JPakeGroup.Hex(JPakeGroup.Power(generator, x2 * s)), zkp_A = Proof.Of(x2 * s, generator, id).ToJson() });
    }

    /// <summary>From here on both have the key, if both had the secret.</summary>
    public void Finish(JsonElement two)
    {
        var payload = Payload(two, 2);
        var b = JPakeGroup.Parse(payload.GetProperty("A").GetString()!);
        Assert.True(Proof.Read(payload.GetProperty("zkp_A")).Holds(b, gx3 * Gx1 * Gx2 % JPakeGroup.P, Peer));
        var key = JPakeGroup.Power(b * JPakeGroup.Power(gx4, -(x2 * s)) % JPakeGroup.P, x2);
        var keys = HKDF.DeriveKey(HashAlgorithmName.SHA256, key.ToByteArray(isUnsigned: true, isBigEndian: true), 64, info: "Sync-AES_256_CBC-HMAC256"u8.ToArray());
        (encryption, authentication) = (keys[..32], keys[32..]);
    }

    /// <summary>Shows that one has the key.</summary>
    public string Three()
    {
        var (iv, ciphertext) = Encrypt(Known);
        return Message(3, new { ciphertext, IV = iv });
    }

    /// <summary>Whether the other one has the same key.</summary>
    public bool HasSameKey(JsonElement three)
    {
        var payload = Payload(three, 3);
        try
        {
            return Decrypt(payload.GetProperty("IV").GetString()!, payload.GetProperty("ciphertext").GetString()!) == Known;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>What all of it is for: name, password and recovery key.</summary>
    public string Credentials(string json)
    {
        var (iv, ciphertext) = Encrypt(json);
        return Message(3, new { ciphertext, IV = iv, hmac = Hmac(ciphertext) });
    }

    public JsonElement ReadCredentials(JsonElement three)
    {
        var payload = Payload(three, 3);
        var ciphertext = payload.GetProperty("ciphertext").GetString()!;
        Assert.Equal(Hmac(ciphertext), payload.GetProperty("hmac").GetString());
        return JsonDocument.Parse(Decrypt(payload.GetProperty("IV").GetString()!, ciphertext)).RootElement;
    }

    private string Message(int step, object payload) => JsonSerializer.Serialize(new { type = $"{id}{step}", version = 3, payload });

    private JsonElement Payload(JsonElement message, int step)
    {
        Assert.Equal($"{Peer}{step}", message.GetProperty("type").GetString());
        return message.GetProperty("payload");
    }

    private string Hmac(string ciphertext) => Convert.ToHexStringLower(HMACSHA256.HashData(authentication, Encoding.ASCII.GetBytes(ciphertext)));

    private (string Iv, string Ciphertext) Encrypt(string text)
    {
        using var aes = Aes.Create();
        aes.Key = encryption;
        return (Convert.ToBase64String(aes.IV), Convert.ToBase64String(aes.EncryptCbc(Encoding.UTF8.GetBytes(text), aes.IV)));
    }

    private string Decrypt(string iv, string ciphertext)
    {
        using var aes = Aes.Create();
        aes.Key = encryption;
        return Encoding.UTF8.GetString(aes.DecryptCbc(Convert.FromBase64String(ciphertext), Convert.FromBase64String(iv)));
    }
}
