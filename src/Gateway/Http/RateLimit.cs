namespace Lockstep.Gateway.Http;

/// <summary>
/// So many requests a minute of each party, at once or spread out; after that one whenever a place is free again. Memory is bounded: of more than <see cref="MaxParties"/> that are active, those that come last share one
/// limit.
/// </summary>
/// <remarks>
/// The generic cell rate algorithm (ITU-T I.371): for each party one number, the time at which it would have used up what it was given, had it asked evenly. The framework's limiters
/// (System.Threading.RateLimiting) keep an object and a queue for each party, have no bound on how many, and tell the time themselves.
/// </remarks>
public sealed class RateLimit(int perMinute, TimeProvider time)
{
    /// <summary>Parties that are told apart at a time.</summary>
    public const int MaxParties = 65_536;

    private const int Shards = 16;
    private static readonly long Minute = TimeSpan.TicksPerMinute;
    private static readonly long SweepInterval = TimeSpan.TicksPerSecond;

    private readonly long start = time.GetTimestamp();
    private readonly Shard[] shards = [.. Enumerable.Range(0, Shards).Select(static _ => new Shard())];

    // Between two requests that come evenly.
    private readonly long step = Math.Max(1, Minute / perMinute);

    /// <summary>Counts a request.</summary>
    /// <param name="who">The party that it comes from.</param>
    /// <returns>Zero where it may go on; otherwise how long to wait, and the request does not count.</returns>
    public TimeSpan Take(string who)
    {
        var now = time.GetElapsedTime(start).Ticks;
        var shard = shards[(uint)who.GetHashCode(StringComparison.Ordinal) % Shards];
        lock (shard.Until)
        {
            var key = shard.Until.ContainsKey(who) || HasPlace(shard, now) ? who : "";
            var until = Math.Max(shard.Until.GetValueOrDefault(key), now) + step;
            if (until - now > Minute)
            {
                return TimeSpan.FromTicks(until - now - Minute);
            }

            shard.Until[key] = until;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Those that have everything again need not be remembered.</summary>
    private static bool HasPlace(Shard shard, long now)
    {
        if (shard.Until.Count < MaxParties / Shards)
        {
            return true;
        }

        if (now - shard.Swept >= SweepInterval)
        {
            shard.Swept = now;
            foreach (var (who, until) in shard.Until)
            {
                if (until <= now)
                {
                    shard.Until.Remove(who);
                }
            }
        }

        return shard.Until.Count < MaxParties / Shards;
    }

    private sealed class Shard
    {
        public Dictionary<string, long> Until { get; } = new(StringComparer.Ordinal);

        public long Swept { get; set; } = -SweepInterval;
    }
}
