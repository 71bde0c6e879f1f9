using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// A page of records as they were at a time, while it is built. A record that has not changed since is taken as it is. For any other, the first
/// state that ended later gives its former content.
/// </summary>
/// <param name="store">The store with the records.</param>
/// <param name="read">The request.</param>
/// <param name="heads">The bucket.</param>
/// <param name="head">The list of the current records.</param>
/// <param name="former">The list of their earlier states.</param>
internal sealed class AsOfPage(IBucketStore store, ReadAsOf read, BucketHeads heads, ListHead head, ListHead former)
{
    // States that are looked up at a time.
    private const int Together = 8;

    private readonly List<StoredRecord> found = [];
    private long bytes;
    private int indexed;
    private string? after = read.AfterId;
    private bool more = true;
    private bool isCutOff;

    /// <summary>Rows looked at so far.</summary>
    public int Rows { get; private set; }

    /// <summary>The version of the newest snapshot that was read.</summary>
    public long Version { get; private set; } = heads.Version;

    /// <summary>Whether the page is full, or there are no more records.</summary>
    public bool IsDone => isCutOff || !more || found.Count >= read.Limit || !HasRoom;

    private bool HasRoom => bytes < read.MaxBytes && indexed < TurnDeletions.MaxIndexed;

    /// <summary>Looks at the next rows.</summary>
    /// <param name="maxRows">At most this many.</param>
    /// <param name="maxBytes">At most this many bytes of them, but at least one row.</param>
    /// <param name="turn">The places that are given back while the store works; null for none.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>The answer to the whole read; null to continue.</returns>
    public async ValueTask<Outcome?> LookAsync(int maxRows, long maxBytes, WorkTurn? turn, CancellationToken cancellationToken)
    {
        var query = new ListQuery
        {
            Since = read.OnlyChanged ? read.At : ServerTimestamp.Zero,
            Ids = read.Id is { } only ? [only] : null,
            Sort = [new SortField("id", Descending: false)],
            Cursor = after is null ? null : new PageCursor(ServerTimestamp.Zero, after, PageCursor.Unbounded),
            Limit = maxRows,
        };
        var scan = new RecordScan(heads.Key, head.Key, query, Math.Min(maxRows, read.Limit - found.Count), Math.Min(read.MaxBytes, maxBytes));
        if (await AskAsync(turn, () => store.ScanAsync(scan, cancellationToken), cancellationToken) is not { } next)
        {
            return CutOff();
        }

        if (next.Head is null)
        {
            // The list was deleted between heads and snapshot; the caller reads again with newer heads.
            Version = heads.Version + 1;
            return new Missing(new ObjectRef(read.List, ""));
        }

        (Version, more) = (Math.Max(Version, next.Version), next.More);
        Rows += next.Records.Count;
        foreach (var some in next.Records.Chunk(Together).TakeWhile(_ => HasRoom))
        {
            if (await StatesAsync(some, next.Version, turn, cancellationToken) is not { } states)
            {
                more = true;
                return CutOff();
            }

            if (Array.Exists(states, static state => state.State is null))
            {
                // The state was removed meanwhile. Newer heads say so.
                Version = Math.Max(Version, states.Max(static state => state.Version));
                return Unavailable.Overloaded;
            }

            // A state can be much longer than the current record. So the page ends after a row that it has looked at.
            foreach (var ((state, _), row) in states.Zip(some).TakeWhile(_ => HasRoom))
            {
                Add(state!, row);
            }
        }

        more |= next.Records.Count > 0 && after != next.Records[^1].Id;
        return null;
    }

    /// <summary>There was no place or no time for the rest.</summary>
    /// <returns>The refusal, if the caller asked for the whole or the page is still empty; null if the page ends here.</returns>
    public Outcome? CutOff()
    {
        isCutOff = true;
        return found.Count == 0 || read.Limit == int.MaxValue ? Unavailable.Overloaded : null;
    }

    public PageFound ToPage() =>
        new(found, StampOf(head, read), more && after is not null ? new PageCursor(ServerTimestamp.Zero, after, StampOf(head, read)) : null);

    /// <summary>A client that polls from this stamp gets everything that has changed since.</summary>
    public static ServerTimestamp StampOf(ListHead head, ReadAsOf read) => head.RowsModified < read.At ? head.RowsModified : read.At;

    private void Add(StoredRecord state, StoredRecord row)
    {
        after = row.Id;
        if (read.OnlyChanged ? !IsSame(state, row) : !state.IsTombstone)
        {
            found.Add(state with { Acl = null, Author = null });
            bytes += state.Size;
            indexed += read.OnlyChanged ? IndexedBy(row) : 0;
        }
    }

    private async ValueTask<(StoredRecord? State, long Version)[]?> StatesAsync(StoredRecord[] rows, long version, WorkTurn? turn, CancellationToken cancellationToken)
    {
        if (Array.TrueForAll(rows, IsAsItWas))
        {
            return Array.ConvertAll(rows, row => ((StoredRecord?)row, version));
        }

        return await AskAsync(
            turn,
            async () => await Task.WhenAll(rows.Select(row => IsAsItWas(row) ? Task.FromResult<(StoredRecord? State, long Version)>((row, version)) : StateAsync(row.Id, cancellationToken))),
            cancellationToken);
    }

    private bool IsAsItWas(StoredRecord row) => row.Modified <= read.At;

    private async ValueTask<T?> AskAsync<T>(WorkTurn? turn, Func<ValueTask<T>> ask, CancellationToken cancellationToken)
        where T : class => turn is null ? await ask() : await turn.ReadAsync(store, ask, cancellationToken);

    /// <returns>The former state of a record that has changed since, or null if it is no longer known; and the version of the snapshot that says so.</returns>
    private async Task<(StoredRecord? State, long Version)> StateAsync(string id, CancellationToken cancellationToken)
    {
        if (!former.Exists)
        {
            return (null, heads.Version);
        }

        var query = new ListQuery
        {
            Sort = [new SortField("id", Descending: false)],
            Cursor = new PageCursor(ServerTimestamp.Zero, FormerState.Behind(id, read.At), PageCursor.Unbounded),
            Limit = 1,
        };
        var rows = await store.ScanAsync(new RecordScan(heads.Key, former.Key, query, 1, long.MaxValue), cancellationToken);

        // If states were removed after the page's rows were read, the first remaining state may be a later one.
        var isKnown = rows.Head is { } list && list.Horizon <= read.At;
        return (isKnown ? FormerState.Read(id, rows.Records.Count > 0 ? rows.Records[0] : null) : null, rows.Version);
    }

    /// <summary>Rows of the index of principals that restoring a record takes: its own, and those of the history entry.</summary>
    private int IndexedBy(StoredRecord row) => DraftAccess.IndexedBy(head.List.Role, row) + (DraftHistory.ReadersOf(head.Acl, row)?.Length ?? 0);

    private static bool IsSame(StoredRecord then, StoredRecord now) =>
        then.IsTombstone == now.IsTombstone && then.Body.Span.SequenceEqual(now.Body.Span);
}
