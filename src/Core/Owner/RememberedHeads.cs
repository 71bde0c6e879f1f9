using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// What an owner remembers of its bucket, and how it comes to know it. Invariants:
/// <list type="number">
/// <item>Heads older than the newest ones ever remembered are not remembered again, unless the store itself was replaced by an older
/// copy.</item>
/// <item>Heads that were asked for, or committed, before another process took the bucket over are not remembered.</item>
/// <item>In a shared store, remembered heads count only while the store lets this process answer for the bucket
/// (<see cref="IBucketStore.IsCurrent"/>).</item>
/// </list>
/// </summary>
internal sealed class RememberedHeads(BucketId id, IBucketStore store, TimeProvider time)
{
    private const int MaxAttempts = 8;
    private static readonly TimeSpan PauseAfterTakeover = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private BucketHeads? heads;

    // Version of the newest heads that were ever remembered: by them somebody may have been answered.
    private long newest;
    private long takeovers;
    private long takenOver;
    private int loads;

    /// <summary>Those that count now; null for none.</summary>
    public BucketHeads? Current => Volatile.Read(ref heads) is { } known && store.IsCurrent(known) ? known : null;

    /// <summary>As far as is known nobody has ever written to the bucket.</summary>
    public bool IsUnwritten => Volatile.Read(ref newest) == 0;

    /// <summary>How often another process took the bucket over.</summary>
    public long Takeovers => Volatile.Read(ref takeovers);

    /// <summary>Another process has written to the bucket: what is remembered, or on its way here, is old.</summary>
    public void TakeOver()
    {
        lock (gate)
        {
            takeovers++;
            takenOver = time.GetTimestamp();
            heads = null;
        }
    }

    public void Forget() => Volatile.Write(ref heads, null);

    /// <summary>Those that are remembered, whether they count or not, if they are at least of this version.</summary>
    public BucketHeads? From(long version) => Volatile.Read(ref heads) is { } known && known.Version >= version ? known : null;

    /// <summary>
    /// Whether the coming load should also make this process the one that answers from memory: not at the first read, which
    /// may be the only one, and not soon after another process took over, or two would take turns at it.
    /// </summary>
    public bool ClaimsNow()
    {
        lock (gate)
        {
            return store.IsShared && ++loads > 1 && (takeovers == 0 || time.GetElapsedTime(takenOver) > PauseAfterTakeover);
        }
    }

    /// <summary>Asks the store, and remembers what it says.</summary>
    public async ValueTask<BucketHeads> LoadAsync(bool claim, CancellationToken cancellationToken)
    {
        var seen = Takeovers;
        for (var older = 0; ;)
        {
            var known = Volatile.Read(ref newest);
            var loaded = await store.LoadAsync(id, claim, cancellationToken) ?? BucketHeads.Unwritten(id);
            if (loaded.Version < known)
            {
                // Asked for after the newer ones were known, and older all the same. If it stays so, somebody put an old store in
                // the place of this one.
                if (++older > MaxAttempts)
                {
                    Accept(loaded, known);
                }
            }
            else if (Publish(loaded, seen) is { } current)
            {
                return current;
            }
        }
    }

    /// <summary>
    /// Remembers heads unless newer ones are known or were, also if they were forgotten since, or another process took the
    /// bucket over since these were read.
    /// </summary>
    /// <param name="candidate">The heads.</param>
    /// <param name="seen">The number of takeovers before the store was asked for them, or to commit them.</param>
    /// <returns>The newest heads known; null when they are not at hand, and the candidate is older.</returns>
    public BucketHeads? Publish(BucketHeads candidate, long seen)
    {
        lock (gate)
        {
            if (heads is { } known && (known.Version > candidate.Version || (known.Version == candidate.Version && store.IsCurrent(known))))
            {
                return known;
            }

            if (candidate.Version < newest)
            {
                return null;
            }

            newest = candidate.Version;
            heads = seen == takeovers ? candidate : null;
            return candidate;
        }
    }

    /// <summary>A restored store is the truth, whatever this owner has acknowledged before.</summary>
    private void Accept(BucketHeads restored, long known)
    {
        lock (gate)
        {
            if (newest == known)
            {
                newest = restored.Version;
                heads = null;
            }
        }
    }
}
