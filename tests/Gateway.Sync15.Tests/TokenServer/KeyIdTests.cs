using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>How the headers of the key are read.</summary>
public sealed class KeyIdTests
{
    [Theory]
    [InlineData("1795306919696-E0aImmf9uCb9xwRqp_qbpQ", 1795306919696, "1346889a67fdb826fdc7046aa7fa9ba5")]
    [InlineData("0000000000123-_-_-", 123, "ffeffe")]
    [InlineData("7-----", 7, "fbefbe")]
    [InlineData("0-qg", 0, "aa")]
    [InlineData("5-", 5, "")]
    public void KeyId_IsSplitAtItsFirstDash(string header, long changed, string fingerprint) =>
        Assert.Equal((new KeyId(changed, fingerprint), null), KeyId.Parse(header, clientState: null));

    [Theory]
    [InlineData("")]
    [InlineData("123")]
    [InlineData("123-qg==")]
    [InlineData("123-q")]
    [InlineData("123-qh")]
    [InlineData("123-q g")]
    [InlineData("123-q+/")]
    [InlineData("-qg")]
    [InlineData("-5-qg")]
    [InlineData("x-qg")]
    [InlineData("1.5-qg")]
    [InlineData("9223372036854775807-qg")]
    [InlineData("9223372036854775808-qg")]
    [InlineData("123-qqqqqqqqqqqqqqqqqqqqqqqqqqqq")]
    public void KeyId_ThatIsNone_IsInvalidCredentials(string header) =>
        Assert.Equal((null, TokenError.InvalidCredentials), KeyId.Parse(header, clientState: null));

    [Fact]
    public void KeyId_ThatIsNotThere_IsToldSo() => Assert.Equal((null, TokenError.NoKeyId), KeyId.Parse(null, clientState: null));

    [Fact]
    public void ClientState_MustBeTheSame_AndIsLookedAtBeforeTheNumber()
    {
        Assert.Equal(new KeyId(1, "aa"), KeyId.Parse("1-qg", "aa").Read);
        Assert.Equal(TokenError.OtherClientState, KeyId.Parse("1-qg", "ab").Error);
        Assert.Equal(TokenError.OtherClientState, KeyId.Parse("x-qg", "ab").Error);
        Assert.Equal(TokenError.InvalidCredentials, KeyId.Parse("x-qg", "aa").Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a!")]
    [InlineData("aa, aa")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void ClientState_ThatCannotBe_IsABadRequest(string state) =>
        Assert.Equal(TokenError.BadClientState, KeyId.Parse("1-qg", state).Error);

    [Theory]
    [InlineData(1795306919, "1346889a67fdb826fdc7046aa7fa9ba5", "0001795306919-E0aImmf9uCb9xwRqp_qbpQ")]
    [InlineData(17953069196960, "", "17953069196960-")]
    public void KeyId_InTokens_HasThirteenDigits(long changed, string fingerprint, string text) => Assert.Equal(text, KeyId.Text(changed, fingerprint));
}
