using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Tokens, keys and signatures as another program has computed them (<c>vectors.py</c>).</summary>
public sealed class VectorTests
{
    private static readonly JsonElement Vectors = Read();

    public static TheoryData<int> Tokens => [.. Enumerable.Range(0, Vectors.GetProperty("tokens").GetArrayLength())];

    public static TheoryData<int> Signatures => [.. Enumerable.Range(0, Vectors.GetProperty("hawk").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Tokens))]
    public void Token_OfAPayload_HasTheIdAndKeyOfTheVector(int index)
    {
        var vector = Vectors.GetProperty("tokens")[index];
        var signer = new TokenSigner([Text(vector, "secret")]);

        var (id, key) = signer.Sign(Encoding.UTF8.GetBytes(Text(vector, "payload")), Text(vector, "salt"));

        Assert.Equal((Text(vector, "id"), Text(vector, "key")), (id, key));
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void Token_OfTheVector_IsReadWhoeverWroteItAndHowever(int index)
    {
        var vector = Vectors.GetProperty("tokens")[index];
        var signer = new TokenSigner(["another secret that is the newest one", Text(vector, "secret")]);

        var (token, key) = Assert.NotNull(signer.Verify(Text(vector, "id")));

        Assert.Equal(Text(vector, "key"), key);
        Assert.Equal(JsonDocument.Parse(Text(vector, "payload")).RootElement.GetProperty("uid").GetInt64(), token.Uid);
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public void Signature_OfTheTestsOwnClient_IsTheVectors(int index)
    {
        var vector = Vectors.GetProperty("hawk")[index];

        var mac = HawkSigner.Mac(
            Text(vector, "key"), vector.GetProperty("ts").GetInt64(), Text(vector, "nonce"), Text(vector, "method"), Text(vector, "target"),
            Text(vector, "host"), vector.GetProperty("port").GetInt32(), Text(vector, "hash"), Text(vector, "ext"));

        Assert.Equal(Text(vector, "mac"), mac);
    }

    [Fact]
    public void HashedIds_AreTheVectors() => Assert.All(Vectors.GetProperty("ids").EnumerateArray(), static vector =>
    {
        var hashes = new HashedIds(Encoding.UTF8.GetBytes(Text(vector, "secret")));

        Assert.Equal(Text(vector, "hashed_fxa_uid"), hashes.OfAccount(Text(vector, "fxa_uid")));
        Assert.Equal(Text(vector, "hashed_device_id"), hashes.OfDevice(Text(vector, "hashed_fxa_uid")));
    });

    [Fact]
    public void KeyIds_AreReadAndWrittenAsInTheVectors() => Assert.All(Vectors.GetProperty("kids").EnumerateArray(), static vector =>
    {
        var (changed, state) = (vector.GetProperty("keys_changed_at").GetInt64(), Text(vector, "client_state"));

        Assert.Equal((new KeyId(changed, state), null), KeyId.Parse(Text(vector, "x_key_id"), clientState: null));
        Assert.Equal(Text(vector, "fxa_kid"), KeyId.Text(changed, state));
    });

    [Fact]
    public void Token_WithOneByteChanged_OrByAnotherSecret_IsNone()
    {
        var vector = Vectors.GetProperty("tokens")[0];
        var (secret, id) = (Text(vector, "secret"), Text(vector, "id"));
        var signer = new TokenSigner([secret]);

        Assert.NotNull(signer.Verify(id));
        Assert.Null(new TokenSigner([secret + "x"]).Verify(id));
        Assert.Null(signer.Verify("f" + id[1..]));
        Assert.Null(signer.Verify(id[..^4]));
        Assert.Null(signer.Verify(""));
        Assert.Null(signer.Verify("%%%%"));
        Assert.Null(signer.Verify(signer.Sign("[]"u8, "a").Id));
        Assert.Null(signer.Verify(signer.Sign("{\"uid\":-1,\"salt\":\"a\",\"expires\":1}"u8, "a").Id));
        Assert.Null(signer.Verify(signer.Sign("{\"uid\":1,\"salt\":\"a\"}"u8, "a").Id));
    }

    private static string Text(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static JsonElement Read()
    {
        using var stream = typeof(VectorTests).Assembly.GetManifestResourceStream("Vectors.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
