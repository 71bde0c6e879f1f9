using System.Collections.Concurrent;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Lists;
using Lockstep.Core.Live;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>
/// Owners as plain objects of this process. Servers use them behind grains, commands use them directly. A bucket has at most one
/// owner here. An owner leaves only when it is idle and closed; a caller that still holds it is told to get the bucket again.
/// </summary>
public sealed class InProcessBuckets : IBuckets, IDisposable
{
    // Any name is valid, so the number of buckets that nobody has written to is unlimited. Their owners leave in the order in which they came.
    private const int MaxUnwritten = 1_000;

    private readonly ConcurrentDictionary<BucketId, BucketOwner> owners = new();
    private readonly ConcurrentQueue<BucketOwner> unwritten = new();
    private int unwrittenCount;
    private Action<BucketId> letGo = static _ => { };
    private readonly IBucketStore store;
    private readonly BucketOptions options;
    private readonly TimeProvider time;
    private readonly OperationReader reader;
    private readonly QueueBudget budget;
    private readonly OwnerWork work;
    private readonly OwnerMetrics metrics;
    private readonly Action<Exception>? onFault;

    /// <param name="store">The store of the buckets.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Called, on another thread, with faults (bugs) that no caller is told: nobody waits, or the callers only hear that the outcome is unknown.</param>
    /// <param name="rules">A protocol's rules for data; null for none.</param>
    /// <param name="index">Says what all of a user's buckets hold; null if users have no quotas.</param>
    /// <param name="history">The form of history in buckets that keep any; null if none does.</param>
    /// <param name="declarations">Says which fields collections want indexed; null for none.</param>
    /// <param name="files">Says which files records name; null if they have none.</param>
    public InProcessBuckets(
        IBucketStore store,
        BucketOptions options,
        TimeProvider time,
        Action<Exception>? onFault = null,
        IDataRules? rules = null,
        IBucketIndex? index = null,
        IHistoryForm? history = null,
        IFieldDeclarations? declarations = null,
        IFileNames? files = null)
    {
        this.onFault = onFault;
        this.store = store;
        this.options = options;
        this.time = time;
        budget = new QueueBudget(options.MaxQueuedBytesInProcess);
        work = new OwnerWork(options, time, rules, index, history, declarations, files, Report);
        var rule = new AccessRule(options.Access);
        var filtered = new FilteredReader(store, options, work, time);
        var lists = new ListReader(store, options, work, filtered, new SortedReader(store, options, work, time));
        reader = new OperationReader(store, lists, filtered, new AsOfReader(store, options, work, time), rule, new Memberships(store, rule, time), time);
        Feed = new LiveFeed(time);
        Feed.OnWatched(Watch);
        var self = new WeakReference<InProcessBuckets>(this);
        metrics = new OwnerMetrics(() => self.TryGetTarget(out var alive) ? alive.Count : 0, budget, time);
        store.OnTakenOver(id =>
        {
            metrics.TakenOver();
            owners.GetValueOrDefault(id)?.TakeOver();

            // This includes buckets whose owners are not in memory.
            Feed.Find(id)?.TellAll();
        });
    }

    /// <summary>Tells listeners what owners have committed.</summary>
    public LiveFeed Feed { get; }

    /// <summary>The number of owners in memory.</summary>
    public int Count => owners.Count;

    /// <summary>For tests.</summary>
    internal OwnerMetrics Metrics => metrics;

    /// <summary>
    /// Registers a listener for owners that were dropped because their buckets were never written to and there were too many of these. Called on any
    /// thread.
    /// </summary>
    public void OnLetGo(Action<BucketId> listener) => letGo += listener;

    /// <summary>
    /// Sets the quotas that owners apply from their next turns on, in addition to the settings. Not from two threads at once.
    /// </summary>
    /// <param name="stored">All that administrators have set.</param>
    public void SetQuotas(IReadOnlyList<Quota> stored) => work.SetQuotas(stored);

    public IBucket Get(BucketId id) => new InProcessBucket(this, id);

    /// <summary>Executes the request with the bucket's owner, if the owner is in memory.</summary>
    /// <returns>Null when it is not.</returns>
    public ValueTask<BucketResponse>? TryExecute(BucketId id, BucketRequest request, CancellationToken cancellationToken) =>
        owners.GetValueOrDefault(id)?.TryExecute(request, cancellationToken);

    /// <summary>Lets the bucket's owner finish its queue, then drops it. The next request gets a new owner.</summary>
    public async Task CloseAsync(BucketId id, CancellationToken cancellationToken)
    {
        while (owners.TryGetValue(id, out var owner))
        {
            owner.EndBuilding();
            if (owner.TryClose(TimeSpan.Zero))
            {
                owners.TryRemove(KeyValuePair.Create(id, owner));
                return;
            }

            await owner.DrainAsync(cancellationToken);
            await owner.AskedAsync(cancellationToken);
        }
    }

    /// <summary>Drops the owners that have been idle for longer than the setting.</summary>
    /// <returns>How many were dropped.</returns>
    public int EvictIdle()
    {
        var evicted = 0;
        foreach (var (id, owner) in owners)
        {
            if (owner.TryClose(options.IdleTimeout) && owners.TryRemove(KeyValuePair.Create(id, owner)))
            {
                evicted++;
            }
        }

        return evicted;
    }

    /// <summary>Ends the measurements; owners need no disposal.</summary>
    public void Dispose() => metrics.Dispose();

    /// <summary>Somebody watches a bucket. Its owner, if in memory, notifies them from now on.</summary>
    internal void Watch(WatchedBucket watch) => owners.GetValueOrDefault(watch.Id)?.Watch(watch);

    private BucketOwner OwnerOf(BucketId id)
    {
        if (owners.TryGetValue(id, out var owner))
        {
            return owner;
        }

        var made = new BucketOwner(id, store, reader, options, budget, work, Feed, metrics, time, Report);
        if (Feed.Find(id) is { } watch)
        {
            made.Watch(watch);
        }

        owner = owners.GetOrAdd(id, made);
        if (owner == made)
        {
            // Nobody here has heard of commits by other processes since the last notice. A watch that began meanwhile did not find the owner.
            if (Feed.Find(id) is { } late)
            {
                owner.Watch(late);
                late.TellAll();
            }

            unwritten.Enqueue(owner);
            if (Interlocked.Increment(ref unwrittenCount) > MaxUnwritten)
            {
                EndUnwritten();
            }
        }

        return owner;
    }

    /// <summary>Checks the oldest of the owners whose buckets may be unwritten.</summary>
    private void EndUnwritten()
    {
        if (!unwritten.TryDequeue(out var owner))
        {
            return;
        }

        Interlocked.Decrement(ref unwrittenCount);
        if (!owner.IsUnwritten)
        {
            return;
        }

        if (!owner.TryClose(TimeSpan.Zero))
        {
            // It is busy and its bucket may get its first write now. If not, it is checked again.
            unwritten.Enqueue(owner);
            Interlocked.Increment(ref unwrittenCount);
        }
        else if (owners.TryRemove(KeyValuePair.Create(owner.Id, owner)))
        {
            letGo(owner.Id);
        }
    }

    private void Report(Exception fault)
    {
        try
        {
            onFault?.Invoke(fault);
        }
        catch (Exception)
        {
            // A listener that fails must not end an owner's turns.
        }
    }

    private sealed class InProcessBucket(InProcessBuckets buckets, BucketId id) : IBucket
    {
        public ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
        {
            while (true)
            {
                var owner = buckets.OwnerOf(id);
                if (owner.TryExecute(request, cancellationToken) is { } response)
                {
                    return response;
                }

                buckets.owners.TryRemove(KeyValuePair.Create(id, owner));
            }
        }
    }
}
