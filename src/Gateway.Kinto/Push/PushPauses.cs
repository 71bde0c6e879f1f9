using Lockstep.Core.Push;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>
/// Subscriptions that were looked at and had nothing new, since what changed in their buckets was not what they are about. Each such look makes the next one wait longer, up to
/// <see cref="PushOptions.Interval"/>: a bucket that changes all the time does not make the server read for them all the time. Only this process knows.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="time">The clock.</param>
internal sealed class PushPauses(PushOptions options, TimeProvider time)
{
    // 2^10 times the shortest interval between two looks is more than any sensible longest one.
    private const int MostDoublings = 10;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Owner, string Id), Pause> pauses = [];

    /// <returns>When the subscription is looked at next; null for at once.</returns>
    public ServerTimestamp? Of(PushSubscription subscription)
    {
        lock (gate)
        {
            return Find(subscription) is { } pause && pause.Until > ServerTimestamp.Now(time) ? pause.Until : null;
        }
    }

    /// <summary>There was nothing new.</summary>
    public void Lengthen(PushSubscription subscription)
    {
        lock (gate)
        {
            var looks = (Find(subscription)?.Looks ?? 0) + 1;
            var wait = Math.Min(options.Interval.TotalMilliseconds, options.MergeTime.TotalMilliseconds * (1 << Math.Min(looks, MostDoublings)));
            if (looks > 1 || pauses.Count < options.MaxBuckets)
            {
                pauses[(subscription.Owner, subscription.Id)] = new Pause(subscription.Modified, ServerTimestamp.Now(time).Plus((long)wait), looks);
            }
        }
    }

    /// <summary>There was something new.</summary>
    public void End(PushSubscription subscription)
    {
        lock (gate)
        {
            pauses.Remove((subscription.Owner, subscription.Id));
        }
    }

    /// <summary>Forgets those that have been over for an interval: their next look begins anew.</summary>
    public void Sweep()
    {
        var now = ServerTimestamp.Now(time);
        lock (gate)
        {
            foreach (var (key, pause) in pauses)
            {
                if (pause.Until.Plus((long)options.Interval.TotalMilliseconds) <= now)
                {
                    pauses.Remove(key);
                }
            }
        }
    }

    // One that was put again is another one.
    private Pause? Find(PushSubscription subscription) =>
        pauses.TryGetValue((subscription.Owner, subscription.Id), out var pause) && pause.Modified == subscription.Modified ? pause : null;

    private sealed record Pause(ServerTimestamp Modified, ServerTimestamp Until, int Looks);
}
