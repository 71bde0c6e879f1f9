using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.OpenId;

/// <summary>Tokens whose user a provider has confirmed a short while ago, by their digests. Safe for concurrent use.</summary>
internal sealed class AcceptedTokens(OpenIdOptions options, TimeProvider time)
{
    private readonly Lock gate = new();

    // In the order in which they came.
    private readonly Queue<UInt128> order = new();
    private readonly Dictionary<UInt128, Entry> entries = [];

    public Principal? Find(UInt128 digest)
    {
        lock (gate)
        {
            return entries.TryGetValue(digest, out var entry) && time.GetElapsedTime(entry.At) < options.CacheTime && time.GetUtcNow().ToUnixTimeSeconds() < entry.Ends
                ? entry.Principal
                : null;
        }
    }

    /// <param name="digest">The token's digest.</param>
    /// <param name="principal">The token's user.</param>
    /// <param name="ends">Seconds since the epoch.</param>
    public void Add(UInt128 digest, Principal principal, double ends)
    {
        lock (gate)
        {
            if (entries.TryAdd(digest, default))
            {
                order.Enqueue(digest);
            }

            entries[digest] = new Entry(principal, time.GetTimestamp(), ends);
            while (order.Count > options.CacheEntries || (order.TryPeek(out var oldest) && time.GetElapsedTime(entries[oldest].At) >= options.CacheTime))
            {
                entries.Remove(order.Dequeue());
            }
        }
    }

    private readonly record struct Entry(Principal Principal, long At, double Ends);
}
