using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// A page of what records were, while it is put together: one that has not changed since is as it is, of any other the first state that ended
/// later says what it was.
/// </summary>
/// <param name="store">Where they lie.</param>
/// <param name="read">What is asked for.</param>
/// <param name="heads">The bucket.</param>
/// <param name="head">The records, which are there.</param>
/// <param name="former">Their earlier states.</param>
internal sealed class AsOfPage(IBucketStore store, ReadAsOf read, BucketHeads heads, ListHead head, ListHead former)
{
    // States that are looked for at a time.
    private const int Together = 8;

    private readonly List<StoredRecord> found = [];
    private long bytes;
    private int indexed;
    private string? after = read.AfterId;
    private bool more = true;
    private bool isCutOff;

    /// <summary>Rows that were looked at.</summary>
    public int Rows { get; private set; }

    /// <summary>Of the newest snapshot that was read.</summary>
    public long Version { get; private set; } = heads.Version;

    /// <summary>Whether it is full, or there is no more.</summary>
    public bool IsDone => isCutOff || !more || found.Count >= read.Limit || !HasRoom;

    private bool HasRoom => bytes < read.MaxBytes && indexed < TurnDeletions.MaxIndexed;

    /// <summary>Looks at the rows that follow.</summary>
    /// <param name="maxRows">How many at most.</param>
    /// <param name="maxBytes">And bytes of them; at least one row.</param>
    /// <param name="turn">The places that are given back while the store is asked; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What the whole read is answered with; null to go on.</returns>
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
            // The list went away between heads and snapshot; the caller reads again with newer heads.
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
                // It was taken out meanwhile. Newer heads say so.
                Version = Math.Max(Version, states.Max(static state => state.Version));
                return Unavailable.Overloaded;
            }

            // A state can be much longer than what the record is now. So the page ends behind a row that it has looked at.
            foreach (var ((state, _), row) in states.Zip(some).TakeWhile(_ => HasRoom))
            {
                Add(state!, row);
            }
        }

        more |= next.Records.Count > 0 && after != next.Records[^1].Id;
        return null;
    }

    /// <summary>There was no place for the rest, or not the time.</summary>
    /// <returns>The refusal, of what is asked for as a whole, or has nothing yet; null where the page ends there.</returns>
    public Outcome? CutOff()
    {
        isCutOff = true;
        return found.Count == 0 || read.Limit == int.MaxValue ? Unavailable.Overloaded : null;
    }

    public PageFound ToPage() =>
        new(found, StampOf(head, read), more && after is not null ? new PageCursor(ServerTimestamp.Zero, after, StampOf(head, read)) : null);

    /// <summary>Whoever polls on with it is given all that has changed since.</summary>
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

    private static async ValueTask<T?> AskAsync<T>(WorkTurn? turn, Func<ValueTask<T>> ask, CancellationToken cancellationToken)
        where T : class => turn is null ? await ask() : await turn.ReadAsync(ask, cancellationToken);

    /// <returns>What a record was that has changed since, null where that is not known any more; and the version of the snapshot that says so.</returns>
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

        // Where states were taken out since the page's rows were read, the first one that is left may be a later one.
        var isKnown = rows.Head is { } list && list.Horizon <= read.At;
        return (isKnown ? FormerState.Read(id, rows.Records.Count > 0 ? rows.Records[0] : null) : null, rows.Version);
    }

    /// <summary>Rows of the index of principals that it takes to make a record what it was: its own, and those of the entry that tells of it.</summary>
    private int IndexedBy(StoredRecord row) => DraftAccess.IndexedBy(head.List.Role, row) + (DraftHistory.ReadersOf(head.Acl, row)?.Length ?? 0);

    private static bool IsSame(StoredRecord then, StoredRecord now) =>
        then.IsTombstone == now.IsTombstone && then.Body.Span.SequenceEqual(now.Body.Span);
}
