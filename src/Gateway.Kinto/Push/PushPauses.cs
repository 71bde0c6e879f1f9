using Lockstep.Core.Push;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>
/// Subscriptions that something was done for in vain, again and again. Each time makes the next pause twice as long: a bucket that changes all the time does not make the server do so all the
/// time. Only this process knows.
/// </summary>
/// <param name="shortest">Half of the first pause.</param>
/// <param name="longest">No pause is longer. One that has been over for so long is forgotten, and the next one is the first.</param>
/// <param name="most">Subscriptions that are remembered.</param>
/// <param name="time">The clock.</param>
internal sealed class PushPauses(TimeSpan shortest, TimeSpan longest, int most, TimeProvider time)
{
    // 2^20 times the shortest is more than any sensible longest one.
    private const int MostDoublings = 20;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Owner, string Id), Pause> pauses = [];

    /// <summary>Times in vain that make no pause yet. Default: 0.</summary>
    public int Free { get; init; }

    /// <returns>When the pause of the subscription ends; null where there is none.</returns>
    public ServerTimestamp? Of(PushSubscription subscription)
    {
        lock (gate)
        {
            return Find(subscription) is { } pause && pause.Until > ServerTimestamp.Now(time) ? pause.Until : null;
        }
    }

    /// <summary>It was in vain.</summary>
    public void Lengthen(PushSubscription subscription)
    {
        lock (gate)
        {
            var times = (Find(subscription)?.Times ?? 0) + 1;
            var wait = times > Free ? Math.Min(longest.TotalMilliseconds, shortest.TotalMilliseconds * (1 << Math.Min(times - Free, MostDoublings))) : 0;
            if (times > 1 || pauses.Count < most)
            {
                pauses[(subscription.Owner, subscription.Id)] = new Pause(subscription.Modified, ServerTimestamp.Now(time).Plus((long)wait), times);
            }
        }
    }

    /// <summary>It was not in vain.</summary>
    public void End(PushSubscription subscription)
    {
        lock (gate)
        {
            pauses.Remove((subscription.Owner, subscription.Id));
        }
    }

    /// <summary>Forgets pauses that have been over for long.</summary>
    public void Sweep()
    {
        var now = ServerTimestamp.Now(time);
        lock (gate)
        {
            foreach (var (key, pause) in pauses)
            {
                if (pause.Until.Plus((long)longest.TotalMilliseconds) <= now)
                {
                    pauses.Remove(key);
                }
            }
        }
    }

    // One that was put again is another one.
    private Pause? Find(PushSubscription subscription) =>
        pauses.TryGetValue((subscription.Owner, subscription.Id), out var pause) && pause.Modified == subscription.Modified ? pause : null;

    private sealed record Pause(ServerTimestamp Modified, ServerTimestamp Until, int Times);
}
