using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Known answers that Node's cryptography has given (<c>vectors.mjs</c>), and what Argon2id makes of them.</summary>
public sealed class VectorTests
{
    private static readonly JsonElement All = JsonSerializer.Deserialize<JsonElement>(new StreamReader(typeof(VectorTests).Assembly.GetManifestResourceStream("Vectors.json")!).ReadToEnd());

    [Fact]
    public void Tokens_HaveTheIdsAndKeysThatClientsDerive()
    {
        var kinds = new Dictionary<string, AccountTokenKind>
        {
            ["sessionToken"] = AccountTokenKind.Session, ["keyFetchToken"] = AccountTokenKind.KeyFetch,
            ["passwordChangeToken"] = AccountTokenKind.PasswordChange, ["accountResetToken"] = AccountTokenKind.Reset,
        };
        Assert.All(Of("tokens"), vector =>
        {
            var secret = TokenSecret.Of(kinds[Text(vector, "kind")], Bytes(vector, "token"));
            Assert.Equal((Text(vector, "id"), Text(vector, "key"), Text(vector, "bundleKey")), (secret.Id, Convert.ToHexStringLower(secret.Key), Convert.ToHexStringLower(secret.BundleKey)));
        });
    }

    [Fact]
    public void Bundles_AreTheSameBytes() => Assert.All(
        Of("bundles"), static vector => Assert.Equal(Text(vector, "bundle"), KeyBundle.Of(Bytes(vector, "bundleKey"), Bytes(vector, "kA"), Bytes(vector, "wrapKb"))));

    [Fact]
    public void Secret_ThatAnEarlierVersionSealed_Opens() => Assert.Equal("what was sealed", Encoding.UTF8.GetString(
        new AccountKey("a key of the tests that is long enough").Open("totp of 7", "AAECAwQFBgcICQoLkQQCfaTZ7ggZiZSIjvgSRI6aeMgQAVgz/gUtFKJPdw==")!));

    [Fact]
    public void Hawk_SignsAsOthersDo_AndLooksAtTheBody() => Assert.All(Of("hawk"), static vector =>
    {
        var header = new HawkHeader("id", vector.GetProperty("ts").GetInt64(), Text(vector, "nonce"), Text(vector, "mac"), Text(vector, "hash"), "");
        Assert.Equal(header.Mac, header.Sign(Bytes(vector, "key"), Text(vector, "method"), Text(vector, "target"), Text(vector, "host"), vector.GetProperty("port").GetInt32()));
        Assert.True(header.HasHashOf("application/json; charset=utf-8", Encoding.UTF8.GetBytes(Text(vector, "body"))));
        Assert.Equal(header.Hash.Length == 0, header.HasHashOf("application/json", "other"u8));
    });

    [Fact]
    public void ClientOfTheseTests_DerivesAsOthersDo()
    {
        Assert.All(Of("passwords"), static vector =>
        {
            var stretched = Rfc2898DeriveBytes.Pbkdf2(Text(vector, "password"), Encoding.UTF8.GetBytes(Text(vector, "clientSalt")), 650_000, HashAlgorithmName.SHA256, 32);
            Assert.Equal(Text(vector, "authPW"), Convert.ToHexStringLower(AccountClient.Derive(stretched, "authPW", 32)));
            Assert.Equal(Text(vector, "unwrapBKey"), Convert.ToHexStringLower(AccountClient.Derive(stretched, "unwrapBkey", 32)));
        });
        Assert.All(Of("scoped"), static vector => Assert.Equal(Text(vector, "k"), Convert.ToBase64String(AccountClient.Derive(Bytes(vector, "kB"), "oldsync", 64)).TrimEnd('=').Replace('+', '-').Replace('/', '_')));
    }

    [Fact]
    public void Password_OpensWhatItWrapped_AndNoOtherDoes()
    {
        var (right, wrong) = (new byte[32], RandomNumberGenerator.GetBytes(32));
        var stretched = StretchedPassword.Of(right, memoryKiB: 64, iterations: 1);
        var key = RandomNumberGenerator.GetBytes(32);
        var wrapped = stretched.Wrap("uid", key);

        var again = StretchedPassword.Of(right, stretched.Hash)!;
        Assert.True(again.Is(stretched.Hash));
        Assert.Equal(key, again.Unwrap("uid", wrapped));
        Assert.Null(again.Unwrap("other", wrapped));
        var other = StretchedPassword.Of(wrong, stretched.Hash)!;
        Assert.False(other.Is(stretched.Hash));
        Assert.Null(other.Unwrap("uid", wrapped));
        Assert.DoesNotContain(Convert.ToBase64String(again.WrapKey), stretched.Hash, StringComparison.Ordinal);
        Assert.Null(StretchedPassword.Of(right, "pbkdf2-sha512$1$aa==$aa=="));
    }

    [Fact]
    public void Argon2id_IsThatOfTheStandard()
    {
        // RFC 9106, 5.3.
        using var argon = new Konscious.Security.Cryptography.Argon2id(Enumerable.Repeat((byte)1, 32).ToArray())
        {
            Salt = Enumerable.Repeat((byte)2, 16).ToArray(), KnownSecret = Enumerable.Repeat((byte)3, 8).ToArray(), AssociatedData = Enumerable.Repeat((byte)4, 12).ToArray(),
            MemorySize = 32, Iterations = 3, DegreeOfParallelism = 4,
        };
        Assert.Equal("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", Convert.ToHexStringLower(argon.GetBytes(32)));
    }

    [Fact]
    public void WhatIsSealed_OpensForItsOwnPurposeAndUnderItsOwnKeyOnly()
    {
        var key = new AccountKey("the key of these tests is long enough");
        var text = key.Seal("one", "secret"u8);

        Assert.Equal("secret"u8.ToArray(), key.Open("one", text));
        Assert.Null(key.Open("two", text));
        Assert.Null(new AccountKey("another key of these tests, long enough").Open("one", text));
        Assert.NotEqual(text, key.Seal("one", "secret"u8));
    }

    [Theory]
    [InlineData(64L << 20, 19 << 20, 64, 3)]
    [InlineData(64L << 20, 19 << 20, 2, 1)]
    [InlineData(1, 19 << 20, 64, 1)]
    [InlineData(1L << 40, 8 << 10, 16, 8)]
    public void HashesAtATime_StayWithinTheirMemoryAndHalfTheProcessors(long bytes, int memoryBytes, int processors, int expected) => Assert.Equal(
        expected, Lockstep.Gateway.FirefoxAccounts.Accounts.PasswordChecks.PlacesFor(new FirefoxAccountOptions { MaxHashBytes = bytes, HashMemoryBytes = memoryBytes }, processors));

    private static IEnumerable<JsonElement> Of(string name) => All.GetProperty(name).EnumerateArray();

    private static string Text(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static byte[] Bytes(JsonElement vector, string name) => Convert.FromHexString(Text(vector, name));
}
