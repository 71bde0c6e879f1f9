using System.Collections.Frozen;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>One stream's ear at a bucket. However often it is told, that is one thing to look after: so nothing piles up for a stream that is slow.</summary>
/// <param name="subscription">The bucket's.</param>
/// <param name="collection">Whose records alone matter; empty for everything but records; null for all there is.</param>
/// <param name="caller">By whose rights the stream reads.</param>
/// <param name="signal">Wakes the stream.</param>
internal sealed class LiveListener(BucketSubscription subscription, string? collection, Caller caller, LiveSignal signal) : IDisposable
{
    // Of more it may be anything.
    private const int MaxRemembered = 256;

    private readonly Lock gate = new();

    // What changed; null for nothing yet.
    private HashSet<string>? changed;
    private bool isWhatever;
    private ServerTimestamp stamp = subscription.Stamp;
    private bool isTold;

    public Caller Caller => caller;

    /// <summary>Whether there is something to look after.</summary>
    public bool IsTold => Volatile.Read(ref isTold);

    /// <summary>Whether it is the only one at its bucket.</summary>
    public bool IsAlone => subscription.Listeners <= 1;

    /// <summary>By whose rights the bucket's streams read: its own ones first, and no more than so many.</summary>
    public IReadOnlyList<Caller> Callers(int most) => subscription.Callers(caller, most);

    /// <summary>It is being looked after.</summary>
    public LiveNews Take()
    {
        lock (gate)
        {
            var news = new LiveNews(subscription.Version, stamp, isWhatever ? null : changed ?? (IReadOnlySet<string>)FrozenSet<string>.Empty);
            (changed, isWhatever) = (null, false);
            Volatile.Write(ref isTold, value: false);
            return news;
        }
    }

    /// <param name="collections">Only records of these have changed; null for whatever.</param>
    /// <param name="at">As of <see cref="LiveNews"/>.</param>
    public void Tell(IReadOnlyList<string>? collections, ServerTimestamp at)
    {
        lock (gate)
        {
            stamp = ServerTimestamp.Max(stamp, at);
            if (collections is not null && (collection is null ? collections.Count == 0 : !collections.Contains(collection, StringComparer.Ordinal)))
            {
                return;
            }

            isWhatever |= collections is null;
            if (!isWhatever)
            {
                (changed ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(collections!);
                isWhatever = changed.Count > MaxRemembered;
            }

            if (isWhatever)
            {
                changed = null;
            }

            Volatile.Write(ref isTold, value: true);
        }

        signal.Set();
    }

    public void Dispose() => subscription.Remove(this);
}
