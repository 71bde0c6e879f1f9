using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// The heads that an owner remembers of its bucket, and how it loads them. Invariants:
/// <list type="number">
/// <item>Heads older than the newest heads ever remembered are not remembered again, unless the store itself was replaced by an older
/// copy.</item>
/// <item>Heads that were requested or committed before another process took the bucket over are not remembered.</item>
/// <item>In a shared store, remembered heads are valid only while the store lets this process answer for the bucket
/// (<see cref="IBucketStore.IsCurrent"/>).</item>
/// </list>
/// </summary>
internal sealed class RememberedHeads(BucketId id, IBucketStore store, TimeProvider time)
{
    private const int MaxAttempts = 8;
    private static readonly TimeSpan PauseAfterTakeover = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private BucketHeads? heads;

    // Version of the newest heads ever remembered. A caller may have been answered from them.
    private long newest;
    private long takeovers;
    private long takenOver;
    private int loads;

    /// <summary>The heads that are valid now; null for none.</summary>
    public BucketHeads? Current => Volatile.Read(ref heads) is { } known && store.IsCurrent(known) ? known : null;

    /// <summary>Whether nobody has ever written to the bucket, as far as is known.</summary>
    public bool IsUnwritten => Volatile.Read(ref newest) == 0;

    /// <summary>How often another process took the bucket over.</summary>
    public long Takeovers => Volatile.Read(ref takeovers);

    /// <summary>Another process has written to the bucket: the remembered heads, and those being loaded, are outdated.</summary>
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

    /// <summary>The remembered heads, valid or not, if they have at least this version.</summary>
    public BucketHeads? From(long version) => Volatile.Read(ref heads) is { } known && known.Version >= version ? known : null;

    /// <summary>
    /// Whether the next load should also make this process the one that answers from memory. It should not at the first read, which
    /// may be the only one. Nor should it soon after another process took over, or the two would take the bucket from each other in turns.
    /// </summary>
    public bool ClaimsNow()
    {
        lock (gate)
        {
            return store.IsShared && ++loads > 1 && (takeovers == 0 || time.GetElapsedTime(takenOver) > PauseAfterTakeover);
        }
    }

    /// <summary>Loads the heads from the store and remembers them.</summary>
    public async ValueTask<BucketHeads> LoadAsync(bool claim, CancellationToken cancellationToken)
    {
        var seen = Takeovers;
        for (var older = 0; ;)
        {
            var known = Volatile.Read(ref newest);
            var loaded = await store.LoadAsync(id, claim, cancellationToken) ?? BucketHeads.Unwritten(id);
            if (loaded.Version < known)
            {
                // These were requested after the newer ones were known, and are older all the same. If that does not change, an old store was put
                // in the place of this one.
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
    /// Remembers heads, unless newer ones are or were known (even if forgotten since), or another process took the
    /// bucket over since these were read.
    /// </summary>
    /// <param name="candidate">The heads.</param>
    /// <param name="seen">The number of takeovers before the heads were requested, or before they were committed.</param>
    /// <returns>The newest heads known; null if these are not at hand and the candidate is older.</returns>
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

    /// <summary>Accepts a restored store as the truth, whatever this owner has acknowledged before.</summary>
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
