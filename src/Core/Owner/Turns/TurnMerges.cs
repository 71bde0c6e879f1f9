using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Decides changes of many records at once, with those staged in an upload: all or none, and within the quota.</summary>
/// <remarks>Sync 1.5: POST of a collection, and the commit of a batch.</remarks>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="admission">Judges the existing state.</param>
/// <param name="uploads">The staged changes.</param>
/// <param name="expiry">Makes room.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class TurnMerges(BucketDraft draft, TurnRows rows, TurnAdmission admission, TurnUploads uploads, TurnExpiry expiry, TurnMemory memory)
{
    // Records that one step removes.
    private const int ExpiredAtOnce = 1_000;

    private BucketHeads Heads => draft.Heads;

    public async ValueTask<Outcome> MergeAsync(MergeRecords merge, Caller caller, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it is allowed.
        var list = merge.List;
        var first = merge.Changes.Count == 1 ? merge.Changes[0].Id : "";
        var live = first.Length > 0 ? rows.Live(await rows.FindAsync(new ObjectRef(list, first), cancellationToken)) : null;
        if (await admission.RefusalAsync(new ObjectRef(list, first), merge.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        // :: Step 2: the staged changes and the existing records, as far as there is room.
        var changes = merge.Changes;
        if (merge.Upload is { } id)
        {
            var upload = ListRef.Upload(list.Name, id);
            if (!uploads.IsOpen(upload))
            {
                return new Missing(new ObjectRef(upload, id));
            }

            if (!memory.TryHold(TurnMemory.UserOf(caller), Heads[upload].Bytes))
            {
                return Unavailable.Overloaded;
            }

            memory.Count(Heads[upload].Bytes);
            changes = [.. await uploads.StagedAsync(upload, cancellationToken), .. changes];
        }

        if (!await rows.TryLoadAsync(list, changes, caller, cancellationToken))
        {
            return Unavailable.Overloaded;
        }

        // :: Step 3: the quota. Expired records are gone, but may still be counted.
        if (!await FitsAsync(list, changes, merge.Quota, cancellationToken))
        {
            foreach (var due in Heads.Lists.Values.Where(head => head.List.Role == ListRole.Records).ToList())
            {
                while (await expiry.RunAsync(due.List, ExpiredAtOnce, cancellationToken) > 0)
                {
                }
            }

            if (!await FitsAsync(list, changes, merge.Quota, cancellationToken))
            {
                return OverQuota.Instance;
            }
        }

        // :: Step 4: the changes.
        var stamp = draft.Touch(list, caller);
        foreach (var change in changes)
        {
            var existing = await rows.FindAsync(new ObjectRef(list, change.Id), cancellationToken);
            draft.Records.Merge(list, change, existing, rows.Live(existing), restamps: merge.Upload is not null);
        }

        if (merge.Upload is not null)
        {
            draft.Records.EndUpload(ListRef.Upload(list.Name, merge.Upload));
        }

        return new RecordsMerged(stamp, merge.Quota == long.MaxValue ? long.MaxValue : Math.Max(0, merge.Quota - Heads.Bytes));
    }

    /// <summary>Whether the bucket would stay within its quota, or hold less than now.</summary>
    private async ValueTask<bool> FitsAsync(ListRef list, IReadOnlyList<RecordChange> changes, long quota, CancellationToken cancellationToken)
    {
        if (quota == long.MaxValue)
        {
            return true;
        }

        // Several changes may concern one record: a change that deletes it leaves nothing for the next.
        var changed = new Dictionary<string, (int Length, bool IsAlive)>(StringComparer.Ordinal);
        long more = 0;
        foreach (var change in changes)
        {
            var existing = await rows.FindAsync(new ObjectRef(list, change.Id), cancellationToken);
            var (counted, isAlive) = changed.TryGetValue(change.Id, out var former)
                ? former
                : (existing is { IsTombstone: false } ? existing.Length : 0, rows.Live(existing) is not null);
            var length = change.Body?.Length ?? (isAlive ? counted : 0);
            changed[change.Id] = (length, change.Lifetime is not <= 0);
            more += length - counted;
        }

        return more <= 0 || Heads.Bytes + more <= quota;
    }
}
