using CsCheck;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.Contract;

/// <summary>A list and a read of it, whatever they may be; and what the read must say, by <see cref="ListQuery.Matches"/> and <see cref="RecordOrder"/>.</summary>
/// <param name="Rows">The list, in no order; ids occur once, stamps more often.</param>
/// <param name="Query">With a cursor now and then.</param>
/// <param name="Limit">Rows of a page.</param>
/// <param name="MaxBytes">Bytes of a page.</param>
internal sealed record ScanSample(IReadOnlyList<StoredRecord> Rows, ListQuery Query, int Limit, long MaxBytes)
{
    private const long LastStamp = 20;

    private static readonly string[] SomeIds = ["a", "A", "a-b", "a_b", "aa", "b", "Z", "0", "9z", "m"];

    private static readonly Gen<long?> Bound = Gen.Long[0, LastStamp + 1].Nullable(0.6);

    private static readonly Gen<int?> Weight = Gen.OneOf(-999_999_999, -1, 0, 1, 999_999_999).Nullable(0.4);

    private static readonly Gen<StoredRecord> Row = Gen.Select(
        Gen.OneOf(SomeIds), Gen.Long[1, LastStamp], Gen.Bool, Gen.Int[0, 30], Gen.Select(Bound, Weight), static (id, stamp, isGone, size, more) => isGone
            ? StoredRecord.Tombstone(id, new(stamp), null)
            : new StoredRecord
            {
                Id = id,
                Modified = new(stamp),
                Body = Enumerable.Repeat((byte)'1', size).ToArray(),
                Expiry = more.Item1 is { } expiry ? new(expiry) : null,
                SortIndex = more.Item2,
            });

    /// <summary>One of the orders that are not of fields, or none of them.</summary>
    private static readonly Gen<int> Special = Gen.Frequency((4, Gen.Const(0)), (2, Gen.Const(1)), (1, Gen.Const(2)));

    /// <summary>Also ids that no record can have: a client sends what it likes.</summary>
    private static readonly Gen<string[]?> Ids = Gen.OneOf([.. SomeIds, "", "ä", "'", "\"", "%", "\ud83d\ude00"]).Array[0, 6].Null(0.7);

    private static readonly Gen<PageCursor?> Cursor = Gen.Select(
            Gen.Long[0, LastStamp], Gen.OneOf([.. SomeIds, "", "ä", "~"]), Gen.Long[0, LastStamp], Weight, static (stamp, id, list, weight) => new PageCursor(new(stamp), id, new(list)) { SortIndex = weight })
        .Null(0.6);

    private static readonly Gen<ListQuery> Queries = Gen.Select(
        Gen.Select(Bound, Bound, Bound), Gen.Bool.Nullable(0.6), Gen.Select(Ids, Ids), Gen.Select(Gen.OneOf("last_modified", "id"), Gen.Bool), Cursor, Gen.Select(Bound, Bound, Special),
        static (bounds, deleted, ids, sort, cursor, expiry) => new ListQuery
        {
            Limit = 0,
            Since = bounds.Item1 is { } since ? new(since) : null,
            After = bounds.Item2 is { } after ? new(after) : null,
            Before = bounds.Item3 is { } before ? new(before) : null,
            Deleted = deleted,
            Ids = ids.Item1,
            ExcludedIds = ids.Item2,
            Sort = [new SortField(sort.Item1, sort.Item2)],
            AliveAt = expiry.Item1 is { } alive ? new(alive) : null,
            ExpiredBy = expiry.Item2 is { } expired && expiry.Item1 is null ? new(expired) : null,
            HeaviestFirst = expiry.Item3 == 1,
            ExpiringFirst = expiry.Item3 == 2,
            Cursor = expiry.Item3 == 2 ? null : cursor,
        });

    public static Gen<ScanSample> Any { get; } = Gen.Select(
        Row.Array[0, 20], Queries, Gen.Int[1, 6], Gen.Frequency<long>((1, Gen.Const(long.MaxValue)), (1, Gen.Long[1, 60])),
        static (rows, query, limit, bytes) => new ScanSample([.. rows.DistinctBy(static row => row.Id)], query, limit, bytes));

    /// <summary>All rows of the read, whatever its limits.</summary>
    public IReadOnlyList<StoredRecord> Expected
    {
        get
        {
            var rows = Rows.Where(Query.Matches).Where(row => Query.Cursor is not { } cursor
                || (row.Modified <= cursor.ListStamp && RecordOrder.IsPast(Query.Order, row, cursor))).ToList();
            rows.Sort((a, b) => RecordOrder.Compare(Query.Order, a, b));
            return rows;
        }
    }

    /// <summary>How many of them a page takes: up to the limit, and the row that passes the bytes is the last one.</summary>
    public int Taken
    {
        get
        {
            var (taken, bytes) = (0, 0L);
            foreach (var row in Expected.TakeWhile(_ => taken < Limit && bytes < MaxBytes))
            {
                taken++;
                bytes += row.Body.Length;
            }

            return taken;
        }
    }
}
