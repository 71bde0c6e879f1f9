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
/// Owners as plain objects of this process: behind grains in every server, by themselves in commands. A bucket has at most one
/// owner here: one leaves only when it is idle and closed, and whoever still holds it is told to get the bucket again.
/// </summary>
public sealed class InProcessBuckets : IBuckets, IDisposable
{
    // Buckets that nobody has written to are unlimited in number, since any name is valid. Their owners leave in the order in which they came.
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

    /// <param name="store">Where the buckets lie.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Hears, from another thread, of faults (bugs) that callers are not told: they hear that nobody knows.</param>
    /// <param name="rules">What a protocol asks of data; null for nothing.</param>
    /// <param name="index">Says what all of a user's buckets hold; null where users have no quotas.</param>
    /// <param name="history">How the history of Kinto's buckets is told; null where none is kept.</param>
    /// <param name="declarations">Which fields collections want indexed; null for none.</param>
    /// <param name="files">Which files records name; null where they have none.</param>
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
        work = new OwnerWork(options, time, rules, index, history, declarations, files);
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

            // Also of buckets whose owners are not in memory.
            Feed.Find(id)?.TellAll();
        });
    }

    /// <summary>Where owners tell what they have committed, and others hear of it.</summary>
    public LiveFeed Feed { get; }

    /// <summary>Owners in memory.</summary>
    public int Count => owners.Count;

    /// <summary>What tests listen to.</summary>
    internal OwnerMetrics Metrics => metrics;

    /// <summary>
    /// Registers who wants to hear of owners that were let go of, since their buckets were never written to and there are too many of
    /// those. From any thread.
    /// </summary>
    public void OnLetGo(Action<BucketId> listener) => letGo += listener;

    /// <summary>
    /// Owners go by these from their next turns on, besides what the settings say. Not from two threads at once.
    /// </summary>
    /// <param name="stored">All that administrators have set.</param>
    public void SetQuotas(IReadOnlyList<Quota> stored) => work.SetQuotas(stored);

    public IBucket Get(BucketId id) => new InProcessBucket(this, id);

    /// <summary>Has the bucket's owner execute the request, if it is in memory.</summary>
    /// <returns>Null when it is not.</returns>
    public ValueTask<BucketResponse>? TryExecute(BucketId id, BucketRequest request, CancellationToken cancellationToken) =>
        owners.GetValueOrDefault(id)?.TryExecute(request, cancellationToken);

    /// <summary>Lets the bucket's owner end what has queued, then lets go of it. The next request gets a new one.</summary>
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

    /// <summary>Lets go of the owners that have been idle for longer than the setting.</summary>
    /// <returns>How many went.</returns>
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

    /// <summary>Ends the measurements; owners hold nothing that needs an end.</summary>
    public void Dispose() => metrics.Dispose();

    /// <summary>Somebody wants to hear of a bucket; its owner, if it is in memory, tells from now on.</summary>
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
            // What another process has committed since it was told last was told to nobody here. One that began meanwhile has not found the owner.
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

    /// <summary>Looks at the owner that came first of those whose buckets may be unwritten.</summary>
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
            // It is at work; it may be written to now, or it comes round again.
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
