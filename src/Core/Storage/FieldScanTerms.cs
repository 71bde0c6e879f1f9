using Lockstep.Core.Lists;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>
/// The conditions and order of a scan by an index on a field, the same for each store, which turns them into its own SQL. Invariants:
/// <list type="number">
/// <item>Rows come in the order of the field if the range says so, with equal keys newest first; otherwise in the query's order.</item>
/// <item>A page begins right after the last row of the previous page, whatever was written since; it has nothing newer than the first page's stamp.</item>
/// </list>
/// </summary>
public sealed class FieldScanTerms
{
    private const string Key = "key";
    private const string Modified = "modified";
    private const string Id = "id";

    /// <param name="scan">A scan by an index.</param>
    public FieldScanTerms(RecordScan scan)
    {
        var (query, range) = (scan.Query, scan.Field ?? throw new ArgumentException("The scan is by no index.", nameof(scan)));
        var (terms, behind) = (KeysOf(range), new List<IndexTerm>());
        if (query.LowerBound is { } lower)
        {
            terms.Add(new([Modified], ">", [lower.Milliseconds]));
        }

        if (query.Before is { } before)
        {
            terms.Add(new([Modified], "<", [before.Milliseconds]));
        }

        if (query.Cursor is { } cursor)
        {
            behind.Add(new([Modified], "<=", [cursor.ListStamp.Milliseconds]));
            if (range.IsDescending is null)
            {
                behind.Add(scan.Order switch
                {
                    ListOrder.OldestFirst => new([Modified, Id], ">", [cursor.Modified.Milliseconds, cursor.Id]),
                    ListOrder.IdAscending => new([Id], ">", [cursor.Id]),
                    ListOrder.IdDescending => new([Id], "<", [cursor.Id]),
                    _ => new([Modified, Id], "<", [cursor.Modified.Milliseconds, cursor.Id]),
                });
            }
        }

        (Range, Behind) = (terms, behind);
        Order = range.IsDescending is { } isDescending
            ? [new SortField(Key, isDescending), new SortField(Modified, Descending: true), new SortField(Id, Descending: true)]
            : scan.Order switch
            {
                ListOrder.OldestFirst => [new SortField(Modified, Descending: false), new SortField(Id, Descending: false)],
                ListOrder.IdAscending => [new SortField(Id, Descending: false)],
                ListOrder.IdDescending => [new SortField(Id, Descending: true)],
                _ => [new SortField(Modified, Descending: true), new SortField(Id, Descending: true)],
            };
    }

    /// <summary>The conditions on keys and stamps; all of them apply.</summary>
    public IReadOnlyList<IndexTerm> Range { get; }

    /// <summary>The conditions for rows after an earlier page; all of them apply.</summary>
    public IReadOnlyList<IndexTerm> Behind { get; }

    /// <summary>The parts of a row to sort by, the most significant first.</summary>
    public IReadOnlyList<SortField> Order { get; }

    private static List<IndexTerm> KeysOf(FieldRange range)
    {
        var terms = new List<IndexTerm>();
        if (range.IsPoint)
        {
            terms.Add(new([Key], "=", [range.From.ToArray()]));
        }

        var (from, to) = (range.From, range.To);
        if (range.After is var (key, modified, id))
        {
            if (range.IsDescending == true)
            {
                terms.Add(new([Key, Modified, Id], "<", [key.ToArray(), modified.Milliseconds, id]));
                to = default;
            }
            else
            {
                // Rows with equal keys come newest first.
                terms.Add(new([Key], ">=", [key.ToArray()]));
                terms.Add(new([Key], ">", [key.ToArray()]) { Or = new([Modified, Id], "<", [modified.Milliseconds, id]) });
                from = default;
            }
        }

        if (!range.IsPoint && from.Length > 0)
        {
            terms.Add(new([Key], ">=", [from.ToArray()]));
        }

        if (!range.IsPoint && to.Length > 0)
        {
            terms.Add(new([Key], "<=", [to.ToArray()]));
        }

        return terms;
    }
}
