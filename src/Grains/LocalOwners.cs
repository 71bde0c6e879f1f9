using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;

namespace Lockstep.Grains;

/// <summary>
/// The owners that are active in this silo, for callers in the same process. A request whose owner is here goes straight to it: an
/// Orleans call costs about as much as an answer from memory. Invariants:
/// <list type="number">
/// <item>Only owners that Orleans has activated here are found, and none that have begun to leave.</item>
/// <item>Once in a while a request goes through Orleans; otherwise the owner would count as idle.</item>
/// </list>
/// </summary>
public sealed class LocalOwners
{
    // An owner that was not called for a minute is released; later if the setting says so.
    private static readonly TimeSpan LeastIdle = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CallEvery = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<BucketId, BucketGrain> active = new();

    // Grains whose callers wait for changes of buckets, beside the owners.
    private readonly ConcurrentDictionary<BucketId, LiveGrain> watches = new();
    private readonly InProcessBuckets owners;
    private readonly TimeProvider time;
    private volatile bool isLeaving;

    /// <param name="owners">This silo's owners.</param>
    /// <param name="time">The clock.</param>
    public LocalOwners(InProcessBuckets owners, TimeProvider time)
    {
        (this.owners, this.time) = (owners, time);
        owners.OnLetGo(id =>
        {
            if (active.TryGetValue(id, out var grain))
            {
                grain.EndIdle();
            }
        });
    }

    /// <summary>Whether <see cref="BeginLeaving"/> was called.</summary>
    public bool IsLeaving => isLeaving;

    /// <summary>The number of owners in memory, including those about to leave.</summary>
    public int Count => owners.Count;

    /// <returns>Null if the owner must be called through Orleans.</returns>
    public ValueTask<BucketResponse>? TryExecute(BucketId id, BucketRequest request, CancellationToken cancellationToken) =>
        active.TryGetValue(id, out var grain) && time.GetElapsedTime(grain.Called) < CallEvery
            ? owners.TryExecute(id, request, cancellationToken)
            : null;

    /// <summary>
    /// Moves owners to their current placement, each when its calls are done. Watches of such buckets move too. They do not count: where the home
    /// is a silo of an earlier version, which has no watches, they come back here, and would be sent away again at once, for ever.
    /// </summary>
    /// <param name="which">Selects the buckets.</param>
    /// <param name="most">The maximal number of owners.</param>
    /// <returns>The number of owners moved.</returns>
    public int Move(Predicate<BucketId> which, int most)
    {
        var moved = 0;
        foreach (var (id, grain) in active)
        {
            if (moved == most)
            {
                break;
            }

            if (which(id))
            {
                grain.Move();
                moved++;
            }
        }

        foreach (var (id, watch) in watches)
        {
            if (which(id))
            {
                watch.Leave();
            }
        }

        return moved;
    }

    /// <summary>Ends owners that have been idle for this long, at least a minute.</summary>
    public void EndIdle(TimeSpan idle)
    {
        foreach (var grain in active.Values)
        {
            if (time.GetElapsedTime(grain.Called) >= (idle > LeastIdle ? idle : LeastIdle))
            {
                grain.EndIdle();
            }
        }
    }

    /// <summary>
    /// Makes every owner leave, each when its calls are done. From now on this silo places none here, and an owner that another
    /// silo places here leaves at once.
    /// </summary>
    public void BeginLeaving()
    {
        isLeaving = true;
        EndWatches();
        foreach (var grain in active.Values)
        {
            grain.Leave();
        }
    }

    /// <summary>Releases everybody who waits here for changes. A stopping silo would otherwise wait for them.</summary>
    public void EndWatches()
    {
        owners.Feed.End();
        foreach (var watch in watches.Values)
        {
            watch.Leave();
        }
    }

    internal bool Has(BucketId id) => active.ContainsKey(id);

    /// <summary>Timestamp of the owner's last call through Orleans.</summary>
    internal long Called(BucketId id) => active[id].Called;

    internal void Add(BucketId id, BucketGrain grain)
    {
        active[id] = grain;
        if (isLeaving)
        {
            grain.Leave();
        }
    }

    internal void Add(BucketId id, LiveGrain watch)
    {
        watches[id] = watch;
        if (isLeaving)
        {
            watch.Leave();
        }
    }

    internal void Remove(BucketId id, LiveGrain watch) => watches.TryRemove(KeyValuePair.Create(id, watch));

    internal void Remove(BucketId id, BucketGrain grain) => active.TryRemove(KeyValuePair.Create(id, grain));
}
