using Lockstep.Gateway.Sync11.Users;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Names that are made of addresses, by the vectors of the servers before; and bodies as clients write them.</summary>
public sealed class UserNameTests
{
    [Theory]
    [InlineData("test@test.com", "u2wqblarhim5su7pxemcbwdyryrghmuk")]
    [InlineData("Foo@Example.com", "oz7hj2vxbaoedyfygyyfcejz2eycjftg")]
    [InlineData("Françios@valid.test", "ym3nccfhvptfrhn7nkhhyvzgf2yl7r5y")]
    public void Name_IsTheHashOfTheAddress(string email, string name)
    {
        Assert.True(UserName.IsOf(name, email));
        Assert.False(UserName.IsOf(name, "x" + email));
    }

    [Fact]
    public void Name_OfAnAddressInAnotherScript_IsAlsoWhatTheClientsMakeOfIt() =>
        Assert.True(UserName.IsOf(WeaveClient.NameOf("Françios@valid.test"), "Françios@valid.test"));

    [Theory]
    [InlineData("a", true)]
    [InlineData("A.b-c_9", true)]
    [InlineData("", false)]
    [InlineData("_a", false)]
    [InlineData("a@b", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    public void Name_HasLettersDigitsAndAFewSigns(string name, bool isValid) => Assert.Equal(isValid, UserName.IsValid(name));

    [Theory]
    [InlineData("a@example.org", "a@example.org")]
    [InlineData("A@Example.ORG", "a@example.org")]
    public void Account_IsCalledAsTheAddress_WhereTheNameWasMadeOfIt(string email, string account) =>
        Assert.Equal(account, UserName.AccountName(WeaveClient.NameOf(email), email));

    [Fact]
    public void Account_IsCalledAsTheUser_WhereTheNameWasChosen_OrNoAccountCanHaveTheAddress()
    {
        Assert.Equal("alice", UserName.AccountName("alice", "alice@example.org"));
        Assert.Equal(WeaveClient.NameOf("o'neill@example.org"), UserName.AccountName(WeaveClient.NameOf("o'neill@example.org"), "o'neill@example.org"));
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0xc3, 0xa4 }, "aä")]
    [InlineData(new byte[] { 0x61, 0xe4, 0x62 }, "aäb")]
    [InlineData(new byte[] { 0xc3, 0xa4, 0xe4 }, "ää")]
    [InlineData(new byte[0], "")]
    public void Body_IsUtf8_AndLatin1WhereItIsNot(byte[] body, string text) => Assert.Equal(text, BodyText.Decode(body));
}
