using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Tests;

public sealed class HeaderMemoryTests
{
    private const string Alice = "Basic YWxpY2U6czNjcjN0";
    private const string Bob = "Basic Ym9iOnMzY3IzdA==";

    private readonly CredentialCache cache = new(new AccountOptions(), TimeProvider.System);
    private readonly HeaderMemory memory = new();

    [Fact]
    public void Digest_OfOneHeaderAfterAnother_IsEachTimeThatOfTheHeader()
    {
        foreach (var header in (string[])[Alice, Alice, Bob, Alice, Bob, Bob])
        {
            Assert.Equal(cache.Digest(header), memory.DigestOf(header, cache));
        }
    }

    [Fact]
    public void Digest_OfTheSameHeaderInAnotherText_IsTheSame()
    {
        var digest = memory.DigestOf(Alice, cache);

        Assert.Equal(digest, memory.DigestOf(new string(Alice.AsSpan()), cache));
    }

    [Fact]
    public void Digest_ForAnotherCache_IsThatCachesOwn()
    {
        var other = new CredentialCache(new AccountOptions(), TimeProvider.System);

        Assert.NotEqual(memory.DigestOf(Alice, cache), memory.DigestOf(Alice, other));
        Assert.Equal(cache.Digest(Alice), memory.DigestOf(Alice, cache));
    }
}
