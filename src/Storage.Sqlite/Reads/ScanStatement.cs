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
    private readonly string named = "";

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

        if (scan.Principals is not null)
        {
            named = Named(JsonSerializer.Serialize(scan.Principals));
        }

        if (query.ExcludedIds is not null)
        {
            Add(" AND id NOT IN (SELECT value FROM json_each($", JsonSerializer.Serialize(query.ExcludedIds), "))");
        }
    }

    /// <summary>
    /// Rows that the index has for some principals. It has their stamps too, but for those that name very many: so what is new is found
    /// without what is not, and the newest without the others.
    /// </summary>
    /// <returns>The ids, each once, as a column <c>named</c>.</returns>
    private string Named(string principals)
    {
        if (scan.IsOfAllNamed)
        {
            return AllNamed(Parameter(principals), Parameter(scan.Query.Cursor?.Id ?? ""), Parameter((long)scan.Limit), Parameter(scan.Limit + 1L));
        }

        var (of, query) = (Parameter(principals), scan.Query);
        var (lower, upTo, end) = (default(string), query.Before?.Plus(-1), "");
        if (query.LowerBound is { } bound)
        {
            lower = Parameter(bound.Milliseconds);
        }

        if (query.Cursor is { } cursor)
        {
            upTo = upTo < cursor.ListStamp ? upTo : cursor.ListStamp;
            if (scan.Order == ListOrder.NewestFirst)
            {
                upTo = upTo < cursor.Modified ? upTo : cursor.Modified;
                end = $"({Parameter(cursor.Modified.Milliseconds)}, {Parameter(cursor.Id)})";
            }
        }

        var most = upTo is { } last ? Parameter(last.Milliseconds) : null;
        var ids = $"SELECT g.id AS named FROM json_each({of}) p CROSS JOIN grants g INDEXED BY grants_newest ON {Of("g")}{(lower is null ? "" : $" AND g.stamp > {lower}")}";
        if (scan.IsOfNewestNamed)
        {
            // Of each principal as many as fit, and no older ones. An index goes by one bound at each end.
            var (offset, limit) = (Parameter((long)scan.Limit), Parameter(scan.Limit + 1L));
            ids =
                $"""
                SELECT id AS named FROM (
                    SELECT DISTINCT g.id AS id, g.stamp AS stamp FROM json_each({of}) p CROSS JOIN grants g INDEXED BY grants_newest ON {Of("g")}
                        AND g.stamp >= coalesce((SELECT s.stamp FROM grants s INDEXED BY grants_newest WHERE {Of("s")} AND s.stamp > {lower ?? "-1"}
                            ORDER BY s.stamp DESC LIMIT 1 OFFSET {offset}), {lower ?? "-1"} + 1)
                    ORDER BY stamp DESC, id DESC LIMIT {limit})
                """;
        }

        return $"{ids} UNION SELECT g.id FROM grants g WHERE g.bucket = $0 AND g.list = $1 AND g.principal IN (SELECT value FROM json_each({of})) AND g.relation = 4";

        string Of(string grants) => $"{grants}.bucket = $0 AND {grants}.list = $1 AND {grants}.relation = 0 AND {grants}.principal = p.value"
            + (most is null ? "" : $" AND {grants}.stamp <= {most}") + (end.Length == 0 ? "" : $" AND (+{grants}.stamp, {grants}.id) < {end}");
    }

    /// <summary>Of each principal as many as fit, in the order of their ids. What is no text is greater than all ids.</summary>
    private static string AllNamed(string principals, string after, string offset, string limit)
    {
        return $"SELECT named FROM ({Of(0)} UNION {Of(4)} ORDER BY named LIMIT {limit})";

        string Of(int relation) =>
            $"""
            SELECT g.id AS named FROM json_each({principals}) p CROSS JOIN grants g
                ON g.bucket = $0 AND g.list = $1 AND g.relation = {relation} AND g.principal = p.value AND g.id > {after}
                AND g.id <= coalesce((SELECT s.id FROM grants s WHERE s.bucket = $0 AND s.list = $1 AND s.relation = {relation} AND s.principal = p.value AND s.id > {after}
                    ORDER BY s.id LIMIT 1 OFFSET {offset}), x'')
            """;
    }

    private string Parameter(object value)
    {
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count - 1}");
    }

    public ReadOnlySpan<object?> Values => values.ToArray();

    public string Count => scan.IsMerged
        ? $"SELECT (SELECT count(*) FROM {Live} WHERE {where} AND deleted = 0) + (SELECT count(*) FROM {Dead} WHERE {where} AND deleted = 1)"
        : $"SELECT count(*) FROM {Table} WHERE {where}";

    /// <summary>Bytes of the bodies of what is counted.</summary>
    public string Bytes => $"SELECT coalesce(sum(length(body)), 0) FROM {Table} WHERE {where}";

    /// <summary>SQLite knows nothing of how many rows are live, so it is told by which index to go.</summary>
    private string Table => named.Length > 0 ? $"({named}) n CROSS JOIN records ON id = n.named"
        : scan.Query.Ids is not null ? "records"
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
        var columns = RecordColumns.Of(scan.Query.Projection, scan.ReadsAcl);
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
