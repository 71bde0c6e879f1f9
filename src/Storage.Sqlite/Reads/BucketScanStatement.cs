using System.Text;
using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.Sqlite.Reads;

/// <summary>
/// A read of somebody's buckets as SQL. Buckets that exist and deleted ones lie apart in each index; a list of both merges them.
/// SQLite knows nothing of how many somebody has, so it is told by which index to go. Each of them is for one statement.
/// </summary>
internal sealed class BucketScanStatement
{
    private const string ByStamp = "buckets b INDEXED BY buckets_by_stamp";
    private const string ByName = "buckets b INDEXED BY buckets_by_name";

    // SQLite's own name for the index of the one column that is unique.
    private const string ById = "buckets b INDEXED BY sqlite_autoindex_buckets_1";
    private const string Number = "iif(b.author_base = b.base, b.author_number, NULL)";

    private readonly BucketScan scan;
    private readonly List<object?> values;

    // Whose, for those that exist and those that do not.
    private readonly string live;
    private readonly string deleted;

    public BucketScanStatement(BucketScan scan)
    {
        this.scan = scan;
        values = [scan.Author];
        var list = "b.author = $0";
        if (scan.Kind is { } kind)
        {
            list += $" AND b.kind = {Next((long)kind)}";
        }

        (live, deleted) = ($"{list} AND b.live = 1", $"{list} AND b.live = 0");
        if (scan.Account is { Number: not 0 } account)
        {
            live += $" AND iif({Number} IS NULL, b.modified >= {Next(account.Since.Milliseconds)}, b.author_number = {Next(account.Number)})";
        }
    }

    public ReadOnlySpan<object?> Values => values.ToArray();

    /// <summary>The stamp of the newest, and how many exist.</summary>
    public string Count() => scan.WantsLive
        ? $"SELECT {Stamp()}, (SELECT count(*) FROM {(scan.Ids is null ? ByStamp : ById)} WHERE {live}{Filters()}{Within(scan.Uncut().RangeOf(deleted: false))})"
        : $"SELECT {Stamp()}, 0";

    /// <summary>The stamp of the newest alone.</summary>
    public string Newest() => $"SELECT {Stamp()}";

    /// <returns>One row more than wanted where there is one; null where the query asks for nothing.</returns>
    public string? List()
    {
        var source = scan.Ids is not null ? ById : scan.Order is ListOrder.IdAscending or ListOrder.IdDescending ? ByName : ByStamp;
        var filters = Filters();
        var parts = new List<string>();
        if (scan.WantsLive)
        {
            const string bytes = "coalesce((SELECT l.bytes FROM lists l WHERE l.bucket = b.bucket AND l.role = 1 AND l.name = ''), 0)";
            parts.Add(Part(bytes, live, scan.RangeOf(deleted: false)));
        }

        if (scan.WantsDeleted)
        {
            parts.Add(Part("0", deleted, scan.RangeOf(deleted: true)));
        }

        var order = scan.Order switch
        {
            ListOrder.OldestFirst => "modified, name",
            ListOrder.IdAscending => "name",
            ListOrder.IdDescending => "name DESC",
            _ => "modified DESC, name DESC",
        };
        return parts.Count == 0 ? null : $"{string.Join(" UNION ALL ", parts)} ORDER BY {order} LIMIT {Next(scan.Limit + 1L)}";

        string Part(string bytes, string whose, BucketRange range) =>
            $"SELECT b.id, b.live, b.modified AS modified, {bytes}, {Number}, b.name AS name FROM {source} WHERE {whose}{filters}{Within(range)}";
    }

    private string Stamp()
    {
        return $"max({Newest(live)}, {Newest(deleted + Within(scan.Whole().RangeOf(deleted: true)))})";

        static string Newest(string whose) => $"coalesce((SELECT b.modified FROM {ByStamp} WHERE {whose} ORDER BY b.modified DESC LIMIT 1), 0)";
    }

    private string Filters()
    {
        var text = "";
        if (scan.Query.ExcludedIds is { } excluded)
        {
            text += $" AND b.name NOT IN (SELECT value FROM json_each({Next(JsonSerializer.Serialize(excluded))}))";
        }

        if (scan.Ids is { } ids)
        {
            text += $" AND b.id IN (SELECT value FROM json_each({Next(JsonSerializer.Serialize(ids.Select(static id => id.Value)))}))";
        }

        return text;
    }

    private string Within(BucketRange range)
    {
        var text = new StringBuilder();
        if (range.Above is { } above)
        {
            text.Append(" AND b.modified > ").Append(Next(above.Milliseconds));
        }

        if (range.UpTo is { } upTo)
        {
            text.Append(" AND b.modified <= ").Append(Next(upTo.Milliseconds));
        }

        if (range.Past is { } past)
        {
            text.Append(scan.Order switch
            {
                ListOrder.OldestFirst => $" AND (b.modified, b.name) > ({Next(past.Modified.Milliseconds)}, {Next(past.Id)})",
                ListOrder.IdAscending => $" AND b.name > {Next(past.Id)}",
                ListOrder.IdDescending => $" AND b.name < {Next(past.Id)}",
                _ => $" AND (b.modified, b.name) < ({Next(past.Modified.Milliseconds)}, {Next(past.Id)})",
            });
        }

        return text.ToString();
    }

    private string Next(object? value)
    {
        values.Add(value);
        return $"${values.Count - 1}";
    }
}
