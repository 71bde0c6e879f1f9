using System.Collections.Frozen;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Collects what one stream is told of a bucket. However often that happens, there is one thing to look at, so nothing piles up for a slow stream.</summary>
/// <param name="subscription">The subscription to the bucket.</param>
/// <param name="collection">The collection whose records alone matter; empty for everything but records; null for everything.</param>
/// <param name="caller">The caller with whose rights the stream reads.</param>
/// <param name="signal">Wakes the stream.</param>
internal sealed class LiveListener(BucketSubscription subscription, string? collection, Caller caller, LiveSignal signal) : IDisposable
{
    // With more collections than this, anything may have changed.
    private const int MaxRemembered = 256;

    private readonly Lock gate = new();

    // The changed collections; null for none yet.
    private HashSet<string>? changed;
    private bool isWhatever;
    private ServerTimestamp stamp = subscription.Stamp;
    private bool isTold;

    public Caller Caller => caller;

    /// <summary>Whether there is something to look at.</summary>
    public bool IsTold => Volatile.Read(ref isTold);

    /// <summary>Whether it is the bucket's only listener.</summary>
    public bool IsAlone => subscription.Listeners <= 1;

    /// <summary>The callers with whose rights the bucket's streams read: this one's first, and at most so many.</summary>
    public IReadOnlyList<Caller> Callers(int most) => subscription.Callers(caller, most);

    /// <summary>Takes the news, because the stream looks now.</summary>
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

    /// <param name="collections">The only collections whose records have changed; null if anything may have changed.</param>
    /// <param name="at">See <see cref="LiveNews"/>.</param>
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
