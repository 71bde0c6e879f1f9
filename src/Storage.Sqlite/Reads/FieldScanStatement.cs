using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Rows;

namespace Lockstep.Storage.Sqlite.Reads;

/// <summary>A scan by an index on a field as SQL: no more rows are looked up than are read.</summary>
internal sealed class FieldScanStatement
{
    /// <summary>Whether the index is whole and in step with its list; parameters are bucket, index and list.</summary>
    public const string IsUsable =
        """
        SELECT 1 FROM field_indexes f JOIN lists l ON l.bucket = f.bucket AND l.list = f.list AND l.touched = f.touched
        WHERE f.bucket = $0 AND f.field = $1 AND f.list = $2 AND f.whole = 1 AND f.path IS NOT NULL
        """;

    private readonly StringBuilder where = new("bucket = $0 AND field = $2");
    private readonly List<object?> values;
    private readonly RecordScan scan;
    private readonly FieldRange range;

    public FieldScanStatement(RecordScan scan)
    {
        (this.scan, range) = (scan, scan.Field!);
        values = [scan.Bucket.Row, (long)scan.List, (long)range.Index];
        AddKeys();
        if (scan.Query.LowerBound is { } lower)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND modified > {Parameter(lower.Milliseconds)}");
        }

        if (scan.Query.Before is { } before)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND modified < {Parameter(before.Milliseconds)}");
        }

        if (scan.Query.ExcludedIds is { } excluded)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND id NOT IN (SELECT value FROM json_each({Parameter(JsonSerializer.Serialize(excluded))}))");
        }
    }

    public ReadOnlySpan<object?> Values => values.ToArray();

    public string Count() => $"SELECT count(*) FROM (SELECT 1 FROM field_keys INDEXED BY field_keys_order WHERE {where} LIMIT {Parameter((long)scan.Limit)})";

    public string Rows()
    {
        if (scan.Query.Cursor is { } cursor)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND modified <= {Parameter(cursor.ListStamp.Milliseconds)}");
            if (range.IsDescending is null)
            {
                where.Append(scan.Order switch
                {
                    ListOrder.OldestFirst => $" AND (modified, id) > ({Parameter(cursor.Modified.Milliseconds)}, {Parameter(cursor.Id)})",
                    ListOrder.IdAscending => $" AND id > {Parameter(cursor.Id)}",
                    ListOrder.IdDescending => $" AND id < {Parameter(cursor.Id)}",
                    _ => $" AND (modified, id) < ({Parameter(cursor.Modified.Milliseconds)}, {Parameter(cursor.Id)})",
                });
            }
        }

        var order = range.IsDescending switch
        {
            true => "key DESC, modified DESC, id DESC",
            false => "key, modified DESC, id DESC",
            null => scan.Order switch
            {
                ListOrder.OldestFirst => "modified, id",
                ListOrder.IdAscending => "id",
                ListOrder.IdDescending => "id DESC",
                _ => "modified DESC, id DESC",
            },
        };

        // One row more tells whether there is one.
        return $"SELECT {RecordColumns.Of(scan.Query.Projection, scan.ReadsAcl)} FROM (SELECT id AS named, key FROM field_keys INDEXED BY field_keys_order WHERE {where} ORDER BY {order} LIMIT {Parameter(scan.Limit + 1L)}) n"
            + $" CROSS JOIN records ON bucket = $0 AND list = $1 AND id = n.named ORDER BY {order}";
    }

    private void AddKeys()
    {
        if (range.IsPoint)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND key = {Parameter(range.From.ToArray())}");
        }

        var (from, to) = (range.From, range.To);
        if (range.After is var (key, modified, id))
        {
            var (after, at, last) = (Parameter(key.ToArray()), Parameter(modified.Milliseconds), Parameter(id));
            where.Append(range.IsDescending == true
                ? $" AND (key, modified, id) < ({after}, {at}, {last})"
                : $" AND key >= {after} AND (key > {after} OR (modified, id) < ({at}, {last}))");
            from = range.IsDescending == true ? from : default;
            to = range.IsDescending == true ? default : to;
        }

        if (!range.IsPoint && from.Length > 0)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND key >= {Parameter(from.ToArray())}");
        }

        if (!range.IsPoint && to.Length > 0)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND key <= {Parameter(to.ToArray())}");
        }
    }

    private string Parameter(object value)
    {
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count - 1}");
    }
}
