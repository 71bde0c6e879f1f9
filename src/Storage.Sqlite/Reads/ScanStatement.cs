using System.Globalization;
using System.Text.Json;
using System.Text;
using Lockstep.Core.Lists;
using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Rows;

namespace Lockstep.Storage.Sqlite.Reads;

/// <summary>A scan as SQL. The text depends only on which filters are there, so that few statements are prepared.</summary>
internal sealed class ScanStatement
{
    private static readonly string Weight = string.Create(CultureInfo.InvariantCulture, $"coalesce(sortindex, {RecordOrder.NoWeight})");
    private const string Live = "records INDEXED BY records_live";
    private const string Dead = "records INDEXED BY records_dead";

    private readonly StringBuilder where = new("bucket = $0 AND list = $1");
    private readonly List<object?> values;
    private readonly RecordScan scan;

    public ScanStatement(RecordScan scan)
    {
        this.scan = scan;
        values = [scan.Bucket.Row, scan.List];
        var query = scan.Query;
        if (!query.ShowsTombstones || query.Deleted == false)
        {
            where.Append(" AND deleted = 0");
        }

        if (query.Deleted == true)
        {
            where.Append(" AND deleted = 1");
        }

        if (query.LowerBound is { } lower)
        {
            Add(" AND modified > $", lower.Milliseconds);
        }

        if (query.Before is { } before)
        {
            Add(" AND modified < $", before.Milliseconds);
        }

        if (query.AliveAt is { } instant)
        {
            Add(" AND (expiry IS NULL OR expiry > $", instant.Milliseconds, ")");
        }

        if (query.ExpiredBy is not null || query.ExpiringFirst)
        {
            where.Append(" AND expiry IS NOT NULL");
        }

        if (query.ExpiredBy is { } expired)
        {
            Add(" AND expiry <= $", expired.Milliseconds);
        }

        if (query.Ids is not null)
        {
            Add(" AND id IN (SELECT value FROM json_each($", JsonSerializer.Serialize(query.Ids), "))");
        }

        if (query.ExcludedIds is not null)
        {
            Add(" AND id NOT IN (SELECT value FROM json_each($", JsonSerializer.Serialize(query.ExcludedIds), "))");
        }
    }

    public ReadOnlySpan<object?> Values => values.ToArray();

    public string Count => scan.IsMerged
        ? $"SELECT (SELECT count(*) FROM {Live} WHERE {where} AND deleted = 0) + (SELECT count(*) FROM {Dead} WHERE {where} AND deleted = 1)"
        : $"SELECT count(*) FROM {Table} WHERE {where}";

    /// <summary>Bytes of the bodies of what is counted.</summary>
    public string Bytes => $"SELECT coalesce(sum(length(body)), 0) FROM {Table} WHERE {where}";

    /// <summary>SQLite knows nothing of how many rows are live, so it is told by which index to go.</summary>
    private string Table => scan.Query.Ids is not null ? "records"
        : scan.Query.ExpiredBy is not null || scan.Query.ExpiringFirst ? "records INDEXED BY records_expiring"
        : scan.IsOfLiveRows && (scan.SortsLiveRows || scan.Order is not (ListOrder.IdAscending or ListOrder.IdDescending)) ? Live
        : scan.IsOfTombstones ? Dead
        : "records";

    public string Rows()
    {
        if (scan.Query.Cursor is { } cursor)
        {
            Add(" AND modified <= $", cursor.ListStamp.Milliseconds);
            switch (scan.Order)
            {
                case ListOrder.NewestFirst:
                    Add(" AND (modified, id) < ($", cursor.Modified.Milliseconds);
                    Add(", $", cursor.Id, ")");
                    break;
                case ListOrder.OldestFirst:
                    Add(" AND (modified, id) > ($", cursor.Modified.Milliseconds);
                    Add(", $", cursor.Id, ")");
                    break;
                case ListOrder.HeaviestFirst:
                    Add($" AND ({Weight}, modified, id) < ($", RecordOrder.Weight(cursor.SortIndex));
                    Add(", $", cursor.Modified.Milliseconds);
                    Add(", $", cursor.Id, ")");
                    break;
                case ListOrder.IdAscending:
                    Add(" AND id > $", cursor.Id);
                    break;
                case ListOrder.IdDescending:
                    Add(" AND id < $", cursor.Id);
                    break;
            }
        }

        var order = scan.Order switch
        {
            ListOrder.NewestFirst => " ORDER BY modified DESC, id DESC",
            ListOrder.OldestFirst => " ORDER BY modified, id",
            ListOrder.HeaviestFirst => $" ORDER BY {Weight} DESC, modified DESC, id DESC",
            ListOrder.ExpiringFirst => " ORDER BY expiry, id",
            ListOrder.IdAscending => " ORDER BY id",
            ListOrder.IdDescending => " ORDER BY id DESC",
            _ => "",
        };

        // One row more tells whether there is one.
        values.Add(scan.Limit + 1L);
        var end = $"{order} LIMIT ${values.Count - 1}";
        var columns = RecordColumns.Of(scan.Query.Projection);
        return scan.IsMerged
            ? $"SELECT {columns} FROM {Live} WHERE {where} AND deleted = 0 UNION ALL SELECT {columns} FROM {Dead} WHERE {where} AND deleted = 1{end}"
            : $"SELECT {columns} FROM {Table} WHERE {where}{end}";
    }

    private void Add(string before, object value, string after = "")
    {
        where.Append(before).Append(values.Count).Append(after);
        values.Add(value);
    }
}
