using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Decides which files records may name, and which files may be removed. Invariants, whatever happens to this process and others:
/// <list type="number">
/// <item>A file has a row in its collection's list of files from the commit with which its record names it, and none before.</item>
/// <item>In a collection that has had files, a record names only a file that has such a row and belongs to the record, or what it named before the collection had any.</item>
/// <item>A file is removed only after its row. Its row is removed only if neither its record nor a known earlier state of the record names the file. A name without a row keeps no file.</item>
/// </list>
/// A collection that never had a file costs one look into the heads: see <see cref="Has"/>.
/// </summary>
/// <param name="names">Says which files records name.</param>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="store">The store of the bucket.</param>
internal sealed class TurnFiles(IFileNames names, BucketHeads start, BucketDraft draft, TurnRows rows, IBucketStore store)
{
    // Earlier states, and their bytes, that are read at a time.
    private const int StatesAtOnce = 50;
    private const long StateBytes = 8L << 20;

    private static readonly Invalid Other = new(InvalidReason.FileOfOther);

    private BucketHeads Heads => draft.Heads;

    /// <summary>Whether a collection has had files, so that its records are checked for them.</summary>
    /// <param name="names">Null if records have no files.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="records">The collection's records.</param>
    public static bool Has(IFileNames? names, BucketHeads heads, ListRef records) =>
        names is not null && records.Role == ListRole.Records && heads.Lists.ContainsKey(ListRef.FilesOf(records.Name));

    /// <param name="target">The record, in a collection that has had files.</param>
    /// <param name="body">Its new data.</param>
    /// <param name="existing">Its row; null for none.</param>
    /// <param name="isRestored">See <see cref="PutRecord.IsRestored"/>.</param>
    /// <param name="caller">The writer.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    /// <returns>The reason for which the record may not name this file; null if it may.</returns>
    public async ValueTask<Outcome?> RefuseAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, StoredRecord? existing, bool isRestored, Caller caller, CancellationToken cancellationToken)
    {
        if (names.Read(body) is not { IsThere: true } named || (isRestored && named.Id is null))
        {
            return null;
        }

        // :: Step 1: a file that the server stored for it.
        if (named.Id is { } file && await rows.FindAsync(new ObjectRef(ListRef.FilesOf(target.List.Name), file), cancellationToken) is { IsTombstone: false } claim
            && FileClaim.Covers(claim.Body, target.Id, named.Member))
        {
            return null;
        }

        // :: Step 2: a file that it names already, from elsewhere or from before the collection had files.
        if (existing is not { IsTombstone: false })
        {
            return Other;
        }

        return await rows.WholeAsync(target, existing, caller, cancellationToken) is not { } whole ? Unavailable.Overloaded
            : names.Read(whole.Body).Says(named) ? null : Other;
    }

    /// <summary>Records that a record has a file.</summary>
    /// <param name="attach">The request.</param>
    /// <param name="record">The written record.</param>
    public void Claim(AttachFile attach, StoredRecord record) => draft.Files.Claim(
        ListRef.FilesOf(attach.Target.List.Name), attach.File!, FileClaim.Write(record.Id, attach.FileBytes, names.Read(record.Body).Member), attach.FileBytes, record.Modified);

    /// <summary>
    /// Releases the file that a record named, if that is known and nothing needs it any more, so that it counts for no quota. Other files are released later, by
    /// <see cref="ReleaseFile"/>.
    /// </summary>
    /// <param name="target">The changed or removed record, in a collection that has had files.</param>
    /// <param name="before">Its row before; null for none.</param>
    /// <param name="after">Its data now; empty for none.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask ReplaceAsync(ObjectRef target, StoredRecord? before, ReadOnlyMemory<byte> after, CancellationToken cancellationToken)
    {
        if (before is not { IsTombstone: false, UnreadLength: null } || draft.History is not null || Heads[ListRef.FormerOf(target.List.Name)].Exists
            || names.Read(before.Body).Id is not { } file || names.Read(after).Id == file)
        {
            return;
        }

        var list = ListRef.FilesOf(target.List.Name);
        if (await rows.FindAsync(new ObjectRef(list, file), cancellationToken) is { IsTombstone: false } claim)
        {
            draft.Files.Release(list, file, FileClaim.BytesOf(claim.Body));
        }
    }

    public async ValueTask<Outcome> ReleaseAsync(ReleaseFile release, Caller caller, CancellationToken cancellationToken)
    {
        var (kept, gone) = (new CountFound(0, ServerTimestamp.Zero), new CountFound(1, ServerTimestamp.Zero));

        // :: Step 1: the file's row. A name without a row, as in a collection that was deleted and created again, keeps no file. From this commit on nothing can name
        // the file; the commit fails if somebody else has written meanwhile.
        if (await rows.FindAsync(new ObjectRef(release.List, release.File), cancellationToken) is not { IsTombstone: false } claim)
        {
            if (start.Row != 0)
            {
                draft.Files.Confirm();
            }

            return gone;
        }

        // :: Step 2: the record.
        var target = new ObjectRef(ListRef.RecordsOf(release.List.Name), release.Record);
        if (await rows.FindAsync(target, cancellationToken) is { IsTombstone: false } live)
        {
            if (await rows.WholeAsync(target, live, caller, cancellationToken) is not { } whole)
            {
                return Unavailable.Overloaded;
            }

            if (names.Read(whole.Body).Id == release.File)
            {
                return kept;
            }
        }

        // :: Step 3: its earlier states, which may be restored.
        if (await IsNamedByStateAsync(release, cancellationToken) is not { } isNamed)
        {
            return Unavailable.Overloaded;
        }

        if (isNamed)
        {
            return kept;
        }

        draft.Files.Release(release.List, release.File, FileClaim.BytesOf(claim.Body));
        return gone;
    }

    /// <returns>Whether an earlier state of the record names the file; null if that cannot be said now.</returns>
    private async ValueTask<bool?> IsNamedByStateAsync(ReleaseFile release, CancellationToken cancellationToken)
    {
        var list = ListRef.FormerOf(release.List.Name);
        var former = Heads[list];
        if (!former.Exists)
        {
            return false;
        }

        if (draft.History is { Written.Count: > 0 } || start[list].Key != former.Key)
        {
            // States that the store copies in this turn are not there yet.
            return null;
        }

        for (var after = $"{release.Record} "; ;)
        {
            var query = new ListQuery
            {
                Sort = [new SortField("id", Descending: false)],
                Cursor = new PageCursor(ServerTimestamp.Zero, after, PageCursor.Unbounded),
                Limit = StatesAtOnce,
            };
            var states = await store.ScanAsync(new RecordScan(Heads.Key, former.Key, query, StatesAtOnce, StateBytes), cancellationToken);
            if (states.Head is null)
            {
                // Somebody else has written meanwhile.
                rows.IsStale = true;
                return null;
            }

            foreach (var row in states.Records)
            {
                if (!row.Id.StartsWith($"{release.Record} ", StringComparison.Ordinal))
                {
                    return false;
                }

                if (names.Read(row.Body).Id == release.File)
                {
                    return true;
                }
            }

            if (!states.More || states.Records.Count == 0)
            {
                return false;
            }

            after = states.Records[^1].Id;
        }
    }
}
