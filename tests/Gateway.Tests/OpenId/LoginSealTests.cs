using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Tests.OpenId;

/// <summary>What browsers keep of a login while a server is upgraded.</summary>
public sealed class LoginSealTests
{
    private readonly LoginSeal seal = new(new AccountSecret("of one database"u8.ToArray()));

    [Fact]
    public void Login_ThatAnEarlierVersionSealed_IsOpened_ForItsProviderOnly()
    {
        const string Kept = "AAECAwQFBgcICQoL1nt_-k3QuOr3s66pED0bCqBWQyF6qIcZ-1gOI7utoth6Br5FYXjCxGutUUICOYBpnhyRVIGlTO4xvkHBgNVWgwyA8FKFxwUK2o8gG7faOD6LJO4rQB47hq-NuSkDvcQ0IQMY6sYU9yk7";

        Assert.Equal(new PendingLogin("a state", "a verifier", "https://app.example/", "https://sync.example/v1/back", 1_800_000_000), seal.Open(Kept, "corp"));
        Assert.Null(seal.Open(Kept, "other"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAEC")]
    [InlineData("no base64url!")]
    public void Text_ThatIsNoSealedLogin_OpensNothing(string text) => Assert.Null(seal.Open(text, "corp"));
}
