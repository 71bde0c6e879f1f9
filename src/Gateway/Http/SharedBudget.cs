using System.Collections.Concurrent;

namespace Lockstep.Gateway.Http;

/// <summary>
/// An amount that all users share. Each user may hold at most a quarter, so that one user cannot take the room of the others. If
/// nobody holds anything, a single request is granted whatever its amount.
/// </summary>
public sealed class SharedBudget(long total)
{
    private readonly long perUser = Math.Max(1, total / 4);
    private readonly ConcurrentDictionary<string, long> held = new(StringComparer.Ordinal);
    private long taken;

    public bool TryTake(string user, long amount)
    {
        var all = Interlocked.Add(ref taken, amount);
        var own = held.AddOrUpdate(user, static (_, more) => more, static (_, old, more) => old + more, amount);
        if ((all <= total || all == amount) && (own <= perUser || own == amount))
        {
            return true;
        }

        Release(user, amount);
        return false;
    }

    public void Release(string user, long amount)
    {
        Interlocked.Add(ref taken, -amount);
        if (held.AddOrUpdate(user, static (_, less) => -less, static (_, old, less) => old - less, amount) == 0)
        {
            held.TryRemove(KeyValuePair.Create(user, 0L));
        }
    }
}
