using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;

namespace Lockstep.Core.Tests;

/// <summary>Hashes of Mozilla's server of Sync 1.1, made by Python's hashlib.</summary>
public sealed class FormerHashTests
{
    private const string Password = "pässword one";
    private const string Sha1 = "{SSHA}y8tlz6BiNj4nSNlG8zcfP8W2Bi9hQjNkRTZnSA==";
    private const string Sha256 = "{SSHA-256}rbFoaOIOF/OVbaPNc3RZAfC8+sfRrM++M1Gv1YwSefxhQjNkRTZnSA==";
    private const string Scrypted = "{SSCRYPT}9GWbwMlKrLnVFbLdal+6+xrtp6fm5h9GaSjAsUmMykaS0Dr/KkHc85oFJwFkEkx+0/ljZqB1kPOfB4yhnTJNtWFCM2RFNmdI";

    [Theory]
    [InlineData(Sha1)]
    [InlineData(Sha256)]
    [InlineData(Scrypted)]
    public void Wrap_OfAnOldHash_VerifiesThePasswordAndNoOther_AndHidesTheDigest(string old)
    {
        var stored = FormerHash.Parse(old)!.Wrap(iterations: 10);

        Assert.True(PasswordHash.Verify(Password, stored));
        Assert.False(PasswordHash.Verify("pässword two", stored));
        Assert.False(PasswordHash.Verify("", stored));
        Assert.False(PasswordHash.Verify(old, stored));

        // The salt has eight bytes, which base 64 begins in the middle of a letter: the digest is what comes before.
        var digest = old[(old.IndexOf('}', StringComparison.Ordinal) + 1)..^12];
        Assert.DoesNotContain(digest[..20], stored, StringComparison.Ordinal);
        Assert.Contains("$pbkdf2-sha512$10$", stored, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrap_Twice_HasAnotherSaltEachTime() => Assert.NotEqual(FormerHash.Parse(Sha1)!.Wrap(10), FormerHash.Parse(Sha1)!.Wrap(10));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("{SSHA}")]
    [InlineData("{SSHA}not base 64")]
    [InlineData("{SSHA}y8tlz6BiNj4nSNlG8zcfP8W2Bi9hQjNkRTZn")]
    [InlineData("{SSHA-512}y8tlz6BiNj4nSNlG8zcfP8W2Bi9hQjNkRTZnSA==")]
    public void Parse_OfWhatIsNoSuchHash_IsNull(string? stored) => Assert.Null(FormerHash.Parse(stored));

    [Fact]
    public void Verify_OfHashesMadeHere_IsAsBefore()
    {
        var stored = PasswordHash.Create(Password, 10);

        Assert.True(PasswordHash.Verify(Password, stored));
        Assert.False(PasswordHash.Verify("another", stored));
        Assert.All(["", PasswordHash.None, AccountLogin.Pending, "ssha$x", "ssha$AAAA$none", "argon2id$m=1$AA$AA"], other => Assert.False(PasswordHash.Verify(Password, other)));
    }

    /// <summary>RFC 7914, section 12.</summary>
    [Theory]
    [InlineData("", "", 16, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void Scrypt_OfTheStandardsExamples_IsWhatItSays(string password, string salt, int cost, int blockSize, string key) => Assert.Equal(
        key, Convert.ToHexString(Scrypt.Derive(Encoding.ASCII.GetBytes(password), Encoding.ASCII.GetBytes(salt), cost, blockSize, 64)), ignoreCase: true);
}
