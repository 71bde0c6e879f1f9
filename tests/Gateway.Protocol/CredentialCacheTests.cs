using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Protocol;

public sealed class CredentialCacheTests
{
    [Fact]
    public void Cache_Full_ForgetsAFew_AndNotAll()
    {
        var cache = new CredentialCache(new AccountOptions { CacheEntries = 1000 }, TimeProvider.System);
        var principal = new Principal("account:alice", "alice", "default");
        var digests = Enumerable.Range(0, 1500).Select(i => cache.Digest($"Basic {i}")).ToList();

        foreach (var digest in digests)
        {
            cache.Add(digest, principal, cache.Generation);
        }

        Assert.InRange(digests.Count(known => cache.Find(known) is not null), 980, 1000);
    }
}
