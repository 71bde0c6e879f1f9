using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto.Push;

namespace Lockstep.Gateway.Protocol;

/// <summary>What is sent to push services, held against the examples of the RFCs.</summary>
public sealed class PushEncryptionTests
{
    private const string Text = "When I grow up, I want to be a watermelon";

    /// <summary>RFC 8291, 5.</summary>
    [Fact]
    public void Encrypt_OfTheExampleOfTheRfc_GivesItsBody_AndItsReceiverReadsIt()
    {
        var (sender, receiver) = (
            Key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"),
            Key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"));
        var auth = Base64Url.DecodeFromChars("BTBZMqHH6r4Tts7J_aSIgg");
        using var app = new PushApp(receiver, auth);

        var body = PushEncryption.Encrypt(Encoding.ASCII.GetBytes(Text), Base64Url.DecodeFromChars(app.PublicKey), auth, sender, Base64Url.DecodeFromChars("DGv6ra1nlYgDCS1FRnbzlw"));

        Assert.Equal(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
            Base64Url.EncodeToString(body));
        Assert.Equal(Text, Encoding.ASCII.GetString(app.Read(body)));
        sender.Dispose();
    }

    [Fact]
    public void Authorization_IsSignedByTheKeyThatTheServerTells_ForTheServiceAlone()
    {
        var secret = new AccountSecret(RandomNumberGenerator.GetBytes(32));
        var key = new VapidKey(secret);
        var expires = new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

        var parts = key.Authorization(new Uri("https://push.example.org/a?b=c"), "mailto:admin@example.org", expires).Split(' ', ',');
        var token = parts[1]["t=".Length..].Split('.');

        Assert.Equal(("vapid", $"k={key.PublicKey}"), (parts[0], parts[3]));
        Assert.Equal(key.PublicKey, new VapidKey(secret).PublicKey);
        Assert.NotEqual(key.PublicKey, new VapidKey(new AccountSecret(RandomNumberGenerator.GetBytes(32))).PublicKey);
        Assert.Equal("""{"typ":"JWT","alg":"ES256"}""", Encoding.ASCII.GetString(Base64Url.DecodeFromChars(token[0])));
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token[1])).RootElement;
        Assert.Equal(
            ("https://push.example.org", expires.ToUnixTimeSeconds(), "mailto:admin@example.org"),
            (claims.GetProperty("aud").GetString(), claims.GetProperty("exp").GetInt64(), claims.GetProperty("sub").GetString()));
        var point = Base64Url.DecodeFromChars(key.PublicKey);
        using var verifier = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33], Y = point[33..] } });
        Assert.True(verifier.VerifyData(Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"), Base64Url.DecodeFromChars(token[2]), HashAlgorithmName.SHA256));
    }

    private static ECDiffieHellman Key(string scalar, string point)
    {
        var bytes = Base64Url.DecodeFromChars(point);
        return ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Base64Url.DecodeFromChars(scalar),
            Q = new ECPoint { X = bytes[1..33], Y = bytes[33..] },
        });
    }
}
