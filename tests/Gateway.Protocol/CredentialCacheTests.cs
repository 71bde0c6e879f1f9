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
            cache.Add(digest, principal, cache.GenerationOf("alice"));
        }

        Assert.InRange(digests.Count(known => cache.Find(known) is not null), 980, 1000);
    }

    [Fact]
    public void ChangeOfAnAccount_WhileAPasswordIsVerified_CountsForThatAccountAlone()
    {
        var cache = new CredentialCache(new AccountOptions(), TimeProvider.System);
        var digest = cache.Digest("Basic 1");
        var generation = cache.GenerationOf("alice");
        var other = Enumerable.Range(0, 10).Select(static i => $"bob{i}").First(name => Changes(name) && cache.GenerationOf("alice") == generation);

        cache.Add(digest, new Principal("account:alice", "alice", "default"), generation);
        Assert.NotNull(cache.Find(digest));
        cache.Invalidate(other);
        Assert.NotNull(cache.Find(digest));
        cache.Invalidate("alice");
        Assert.Null(cache.Find(digest));
        cache.Add(digest, new Principal("account:alice", "alice", "default"), generation);
        Assert.Null(cache.Find(digest));

        // Two names can share a generation.
        bool Changes(string name)
        {
            cache.Invalidate(name);
            generation = cache.GenerationOf("alice");
            cache.Invalidate(name);
            return true;
        }
    }
}
