using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Fills a bucket that no client can reach yet with records from elsewhere, with their original stamps. Invariants:
/// <list type="number">
/// <item>Anything in the bucket at the beginning is left over from an interrupted run, and is deleted.</item>
/// <item>After each commit the bucket is consistent: counts, bytes and expiry match its rows.</item>
/// <item>The clock is no lower than any stamp, so that later writes are newer than anything that devices have seen.</item>
/// <item>If another process writes to the bucket, the import writes nothing more. The version is the fence, as it is for owners.</item>
/// </list>
/// </summary>
public sealed class BucketImport
{
    private static readonly AccessRule Rule = new(new AccessOptions());

    private readonly IBucketStore store;
    private readonly Caller caller;
    private readonly TimeProvider time;
    private BucketHeads heads;
    private ServerTimestamp latest;

    private BucketImport(IBucketStore store, BucketHeads heads, Caller caller, TimeProvider time) =>
        (this.store, this.heads, this.caller, this.time) = (store, heads, caller, time);

    /// <summary>Empties the bucket.</summary>
    /// <param name="store">The store of the bucket.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="caller">The future owner of the bucket's data.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Stops the import.</param>
    /// <exception cref="StoreUnavailableException">Nothing was written, or it is not known. The import can be started again.</exception>
    public static async Task<BucketImport> BeginAsync(IBucketStore store, BucketId bucket, Caller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = await store.LoadAsync(bucket, claim: false, cancellationToken) ?? BucketHeads.Unwritten(bucket);
        var import = new BucketImport(store, found, caller, time);
        if (found.Exists)
        {
            var draft = import.Draft();
            draft.Remove(ObjectRef.Bucket, hint: null, new StoredRecord { Id = ObjectRef.Bucket.Id, Modified = found.Clock });
            await import.CommitAsync(draft);
        }

        return import;
    }

    /// <summary>Stores all of the records or none. An import passes each record once.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="BeginAsync"/>.</exception>
    public async Task AddAsync(IReadOnlyList<(ListRef List, StoredRecord Record)> records)
    {
        var draft = Draft();
        foreach (var (list, record) in records)
        {
            draft.Restore(list, record, caller);
            latest = ServerTimestamp.Max(latest, record.Modified);
        }

        await CommitAsync(draft);
    }

    /// <summary>Makes collections answer at least these stamps, whatever their records have; those that have no records are made.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="BeginAsync"/>.</exception>
    public async Task StampAsync(IReadOnlyList<(ListRef List, ServerTimestamp Stamp)> stamps)
    {
        if (stamps.Count == 0)
        {
            return;
        }

        var draft = Draft();
        foreach (var (list, stamp) in stamps)
        {
            draft.Restore(list, stamp, caller);
            latest = ServerTimestamp.Max(latest, stamp);
        }

        await CommitAsync(draft);
    }

    /// <summary>Counts the records in the store.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be counted.</exception>
    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        var count = 0L;
        foreach (var list in heads.Lists.Values.Where(static list => list.List.Role == ListRole.Records))
        {
            var scan = new RecordScan(heads.Key, list.Key, new ListQuery { Limit = int.MaxValue }, int.MaxValue, long.MaxValue);
            count += (await store.CountAsync(scan, cancellationToken)).Count;
        }

        return count;
    }

    private BucketDraft Draft() => new(heads, Rule, time);

    private async Task CommitAsync(BucketDraft draft)
    {
        var made = draft.ToCommit(Guid.NewGuid());
        var commit = made with
        {
            Heads = made.Heads with { Clock = ServerTimestamp.Max(made.Heads.Clock, latest) },
            Accounts = caller.Principals.Account.Number is not 0 and var number ? [number] : [],
        };
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
    }
}
