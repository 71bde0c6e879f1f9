using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Answers <see cref="ReadAsOf"/>: a record that has not changed since is as it is, of any other the first state that ended later says
/// what it was. Each page looks at so many rows at most, whatever they are, and may be empty and have a next one.
/// </summary>
internal sealed class AsOfReader(IBucketStore store, BucketOptions options)
{
    private const int ChunkRows = 500;
    private const int MaxChunks = 20;

    // States that are looked for at a time.
    private const int Together = 16;

    /// <param name="read">What is asked for, by somebody who may read the whole list.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="overlay">What a turn has changed.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask<(Outcome Outcome, long Version)> ReadAsync(ReadAsOf read, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        var (head, former) = (heads[read.List], heads[ListRef.FormerOf(read.List.Name)]);
        if (HorizonOf(head, former) is var horizon && read.At < horizon)
        {
            return (BeforeHorizon(horizon), heads.Version);
        }

        if (!head.Exists || heads.Row == 0)
        {
            return (new PageFound([], StampOf(head), Next: null), heads.Version);
        }

        if (overlay.RowsOf(head.Key) is { Count: > 0 })
        {
            // States that this turn has the store copy are not there yet.
            return (Unavailable.Overloaded, heads.Version);
        }

        var (found, bytes, indexed, version, after, more) = (new List<StoredRecord>(), 0L, 0, heads.Version, read.AfterId, true);
        for (var chunk = 0; more && chunk < MaxChunks && found.Count < read.Limit && HasRoom(); chunk++)
        {
            var query = new ListQuery
            {
                Since = read.OnlyChanged ? read.At : ServerTimestamp.Zero,
                Ids = read.Id is { } only ? [only] : null,
                Sort = [new SortField("id", Descending: false)],
                Cursor = after is null ? null : new PageCursor(ServerTimestamp.Zero, after, PageCursor.Unbounded),
                Limit = ChunkRows,
            };
            var limit = Math.Min(ChunkRows, read.Limit - found.Count);
            var rows = await store.ScanAsync(new RecordScan(heads.Key, head.Key, query, limit, Math.Min(read.MaxBytes, options.MaxTurnBytes)), cancellationToken);
            if (rows.Head is null)
            {
                // The list went away between heads and snapshot; the caller reads again with newer heads.
                return (new Missing(new ObjectRef(read.List, "")), heads.Version + 1);
            }

            (version, more) = (Math.Max(version, rows.Version), rows.More);
            foreach (var some in rows.Records.Chunk(Together).TakeWhile(_ => HasRoom()))
            {
                var states = await Task.WhenAll(some.Select(row => row.Modified <= read.At
                    ? Task.FromResult<(StoredRecord? State, long Version)>((row, rows.Version))
                    : StateAsync(heads, former, row.Id, read.At, cancellationToken)));
                if (Array.Exists(states, static state => state.State is null))
                {
                    // It was taken out meanwhile. Newer heads say so.
                    return (Unavailable.Overloaded, Math.Max(version, states.Max(static state => state.Version)));
                }

                // A state can be much longer than what the record is now. So the page ends behind a row that it has looked at.
                foreach (var ((state, _), row) in states.Zip(some).TakeWhile(_ => HasRoom()))
                {
                    after = row.Id;
                    if (read.OnlyChanged ? !IsSame(state!, row) : !state!.IsTombstone)
                    {
                        found.Add(state! with { Acl = null, Author = null });
                        bytes += state!.Size;
                        indexed += read.OnlyChanged ? IndexedBy(row, head) : 0;
                    }
                }
            }

            more |= rows.Records.Count > 0 && after != rows.Records[^1].Id;
        }

        return (new PageFound(found, StampOf(head), more && after is not null ? new PageCursor(ServerTimestamp.Zero, after, StampOf(head)) : null), version);

        bool HasRoom() => bytes < read.MaxBytes && indexed < TurnDeletions.MaxIndexed;

        // Whoever polls on with it is given all that has changed since.
        ServerTimestamp StampOf(ListHead list) => list.RowsModified < read.At ? list.RowsModified : read.At;
    }

    /// <summary>From when on it is known what a collection's records were: since its last unknown change, if not since the last state that was taken out.</summary>
    public static ServerTimestamp HorizonOf(ListHead records, ListHead former) =>
        ServerTimestamp.Max(records.Horizon, former.Exists && former.Touched == records.Touched ? former.Horizon : records.Touched);

    private static Invalid BeforeHorizon(ServerTimestamp horizon) =>
        new("path", "timestamp", $"The history of the collection begins at {horizon}: what it was before that is not known any more");

    /// <returns>What a record was that has changed since, null where that is not known any more; and the version of the snapshot that says so.</returns>
    private async Task<(StoredRecord? State, long Version)> StateAsync(BucketHeads heads, ListHead former, string id, ServerTimestamp at, CancellationToken cancellationToken)
    {
        if (!former.Exists)
        {
            return (null, heads.Version);
        }

        var query = new ListQuery
        {
            Sort = [new SortField("id", Descending: false)],
            Cursor = new PageCursor(ServerTimestamp.Zero, FormerState.Behind(id, at), PageCursor.Unbounded),
            Limit = 1,
        };
        var rows = await store.ScanAsync(new RecordScan(heads.Key, former.Key, query, 1, long.MaxValue), cancellationToken);

        // Where states were taken out since the page's rows were read, the first one that is left may be a later one.
        var isKnown = rows.Head is { } list && list.Horizon <= at;
        return (isKnown ? FormerState.Read(id, rows.Records.Count > 0 ? rows.Records[0] : null) : null, rows.Version);
    }

    /// <summary>Rows of the index of principals that it takes to make a record what it was: its own, and those of the entry that tells of it.</summary>
    private static int IndexedBy(StoredRecord row, ListHead head) =>
        DraftAccess.IndexedBy(head.List.Role, row) + (DraftHistory.ReadersOf(head.Acl, row)?.Length ?? 0);

    private static bool IsSame(StoredRecord then, StoredRecord now) =>
        then.IsTombstone == now.IsTombstone && then.Body.Span.SequenceEqual(now.Body.Span);
}
