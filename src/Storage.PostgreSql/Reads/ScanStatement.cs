using System.Globalization;
using System.Text;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A scan as SQL. The text depends only on which filters are used, so that few statements are prepared.</summary>
internal sealed class ScanStatement : IDisposable
{
    private static readonly string Weight = string.Create(CultureInfo.InvariantCulture, $"coalesce(sortindex::bigint, {RecordOrder.NoWeight})");

    // Index of the bucket's version, after a record's columns and its length.
    private const int Version = RecordColumns.Count + 1;

    private readonly StringBuilder where = new("bucket = $1 AND list = $2");
    private readonly NpgsqlCommand command;
    private readonly ParameterList parameters;
    private readonly RecordScan scan;
    private readonly string source = "records";

    public ScanStatement(NpgsqlConnection connection, RecordScan scan)
    {
        this.scan = scan;
        command = new NpgsqlCommand { Connection = connection };
        parameters = new ParameterList(command.Parameters);
        parameters.Add(scan.Bucket.Row);
        parameters.Add(scan.List);
        var query = scan.Query;
        if (!query.ShowsTombstones || query.Deleted == false)
        {
            where.Append(" AND NOT deleted");
        }

        if (query.Deleted == true)
        {
            where.Append(" AND deleted");
        }

        if (query.LowerBound is { } lower)
        {
            Add(" AND modified > ", lower);
        }

        if (query.Before is { } before)
        {
            Add(" AND modified < ", before);
        }

        if (query.AliveAt is { } instant)
        {
            Add(" AND (expiry IS NULL OR expiry > ", instant);
            where.Append(')');
        }

        if (query.ExpiredBy is not null || query.ExpiringFirst)
        {
            where.Append(" AND expiry IS NOT NULL");
        }

        if (query.ExpiredBy is { } expired)
        {
            Add(" AND expiry <= ", expired);
        }

        if (query.Ids is { } ids)
        {
            Add(" AND id = ANY (", ids, ")");
        }

        if (scan.Principals is { } principals)
        {
            source = Named([.. principals]);
        }

        if (query.ExcludedIds is { } excluded)
        {
            Add(" AND id <> ALL (", excluded, ")");
        }
    }

    /// <summary>
    /// Rows that the index has for some principals. The index also has the rows' stamps, except for rows that name very many principals. So new rows are found
    /// without reading old ones, and the newest without the others.
    /// </summary>
    /// <returns>The ids, each once, and their rows: a separate subquery, so that PostgreSQL does not read along the list to save the look-ups.</returns>
    private string Named(IReadOnlyList<string> principals)
    {
        var (named, end) = (new StringBuilder(), "");
        var query = scan.Query;
        if (scan.IsOfAllNamed)
        {
            AppendTo(named, "SELECT n.id FROM unnest(", principals, ") AS p (principal) CROSS JOIN unnest(ARRAY[0, 4]::smallint[]) AS r (relation)");
            named.Append(" CROSS JOIN LATERAL (SELECT g.id FROM grants g WHERE g.bucket = $1 AND g.list = $2 AND g.relation = r.relation AND g.principal = p.principal");
            parameters.AddText(query.Cursor?.Id ?? "");
            AppendTo(named, " AND g.id > ");
            parameters.Add(scan.Limit + 1L);
            AppendTo(named, " ORDER BY g.id LIMIT ");
            named.Append(") n");

            // Looks up no more rows than fit, however many principals there are.
            end = string.Create(CultureInfo.InvariantCulture, $" ORDER BY named LIMIT ${command.Parameters.Count}");
        }
        else
        {
            var columns = scan.IsOfNewestNamed ? "id, g.stamp" : "id";
            AppendTo(named, $"SELECT {(scan.IsOfNewestNamed ? "DISTINCT n.id, n.stamp" : "n.id")} FROM unnest(", principals, $") AS p (principal) CROSS JOIN LATERAL (SELECT g.{columns} FROM grants g");
            named.Append(" WHERE g.bucket = $1 AND g.list = $2 AND g.relation = 0 AND g.principal = p.principal");
            if (query.LowerBound is { } lower)
            {
                AppendTo(named, " AND g.stamp > ", lower);
            }

            if (query.Before is { } before)
            {
                AppendTo(named, " AND g.stamp < ", before);
            }

            if (query.Cursor is { } cursor)
            {
                AppendTo(named, " AND g.stamp <= ", cursor.ListStamp);
                if (scan.Order == ListOrder.NewestFirst)
                {
                    AppendTo(named, " AND (g.stamp, g.id) < (", cursor.Modified);
                    parameters.AddText(cursor.Id);
                    AppendTo(named, ", ");
                    named.Append(')');
                }
            }

            if (scan.IsOfNewestNamed)
            {
                parameters.Add(scan.Limit + 1L);
                AppendTo(named, " ORDER BY g.stamp DESC, g.id DESC LIMIT ");
                named.Insert(0, "SELECT m.id FROM (");
                AppendTo(named, ") n ORDER BY n.stamp DESC, n.id DESC LIMIT ");
                named.Append(") m");
            }
            else
            {
                named.Append(") n");
            }

            named.Append(" UNION ALL SELECT g.id FROM grants g WHERE g.bucket = $1 AND g.list = $2 AND g.relation = 4");
            AppendTo(named, " AND g.principal = ANY (", principals, ")");
        }

        return $"(SELECT DISTINCT i.id AS named FROM ({named}) i{end}) d CROSS JOIN LATERAL (SELECT * FROM records r WHERE r.bucket = $1 AND r.list = $2 AND r.id = d.named OFFSET 0) r";
    }

    private void AppendTo(StringBuilder text, string before) => text.Append(before).Append('$').Append(command.Parameters.Count);

    private void AppendTo(StringBuilder text, string before, ServerTimestamp stamp)
    {
        parameters.Add(stamp.Milliseconds);
        AppendTo(text, before);
    }

    private void AppendTo(StringBuilder text, string before, IReadOnlyList<string> values, string after)
    {
        parameters.AddText([.. values.Where(IsText)], static value => value);
        AppendTo(text, before);
        text.Append(after);
    }

    public void Dispose() => command.Dispose();

    /// <summary>The count, and the version with the list's head, from one snapshot. It is one row, without a version if there is no bucket.</summary>
    public NpgsqlCommand Count()
    {
        var counted = scan.IsMerged
            ? $"SELECT (SELECT count(*) FROM records WHERE {where} AND NOT deleted) + (SELECT count(*) FROM records WHERE {where} AND deleted) AS count, 0::bigint AS bytes"
            : $"SELECT count(*), {(scan.Query.ExpiredBy is null ? "0" : "coalesce(sum(octet_length(body)), 0)")}::bigint AS bytes FROM {source} WHERE {where}";
        command.CommandText =
            $"""
            SELECT c.count, b.version, {ListColumns.From("l")}, c.bytes
            FROM ({counted}) c
            LEFT JOIN LATERAL (SELECT * FROM buckets b WHERE b.bucket = $1 OFFSET 0) b ON true
            LEFT JOIN LATERAL (SELECT * FROM lists l WHERE l.bucket = b.bucket AND l.list = $2 OFFSET 0) l ON true
            """;
        return command;
    }

    public static async ValueTask<RecordCount> ReadCountAsync(NpgsqlDataReader reader)
    {
        await reader.ReadAsync();
        return new RecordCount(
            reader.IsDBNull(1) ? 0 : reader.GetInt64(1), reader.IsDBNull(2) ? null : ListColumns.Read(reader, 2), reader.GetInt64(0))
        {
            Bytes = reader.GetInt64(2 + ListColumns.Count),
        };
    }

    /// <summary>Rows in order, and the version with the list's head, from one snapshot. The head's row has no record id.</summary>
    public NpgsqlCommand Rows()
    {
        var rowsOf = source;
        if (scan.Query.Cursor is { } bound)
        {
            Add(" AND modified <= ", bound.ListStamp);
        }

        if (scan.SortsLiveRows && scan.Query.Ids is null)
        {
            // A separate subquery, so that PostgreSQL does not read along the ids of tombstones to save the sort.
            rowsOf = $"(SELECT {RecordColumns.Names} FROM records WHERE {where} OFFSET 0) live";
            where.Clear().Append("true");
        }

        if (scan.Query.Cursor is { } cursor)
        {
            switch (scan.Order)
            {
                case ListOrder.NewestFirst:
                    Add(" AND (modified, id) < (", cursor.Modified);
                    Add(", ", cursor.Id, ")");
                    break;
                case ListOrder.OldestFirst:
                    Add(" AND (modified, id) > (", cursor.Modified);
                    Add(", ", cursor.Id, ")");
                    break;
                case ListOrder.HeaviestFirst:
                    Add($" AND ({Weight}, modified, id) < (", RecordOrder.Weight(cursor.SortIndex));
                    Add(", ", cursor.Modified);
                    Add(", ", cursor.Id, ")");
                    break;
                case ListOrder.IdAscending:
                    Add(" AND id > ", cursor.Id, "");
                    break;
                case ListOrder.IdDescending:
                    Add(" AND id < ", cursor.Id, "");
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

        // One row more than fits shows whether there are more. The sum stops before the previous row, so that this one row passes.
        parameters.Add(scan.Limit + 1L);
        var end = string.Create(CultureInfo.InvariantCulture, $"{order} LIMIT ${command.Parameters.Count}");
        if (scan.IsMerged)
        {
            // Each part has its own order and limit. Otherwise PostgreSQL would read all rows of both.
            rowsOf = $"((SELECT * FROM records WHERE {where} AND NOT deleted{end}) UNION ALL (SELECT * FROM records WHERE {where} AND deleted{end})) merged";
            where.Clear().Append("true");
        }

        var rows = $"SELECT {RecordColumns.Of(scan.Query.Projection, scan.ReadsAcl)} FROM {rowsOf} WHERE {where}{end}";
        rows = UpTo(scan.MaxBytes, rows, value =>
        {
            parameters.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"${command.Parameters.Count}");
        });
        command.CommandText =
            $"""
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, b.version, {ListColumns.From("l")}
            FROM buckets b LEFT JOIN LATERAL (SELECT * FROM lists l WHERE l.bucket = b.bucket AND l.list = $2 OFFSET 0) l ON true WHERE b.bucket = $1
            UNION ALL
            SELECT {RecordColumns.Names}, length, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM ({rows}) r
            """;
        return command;
    }

    /// <summary>The first rows, up to so many bytes.</summary>
    public static string UpTo(long maxBytes, string rows, Func<long, string> parameter) => maxBytes == long.MaxValue ? rows :
        $"""
        SELECT * FROM (
            SELECT *, coalesce(sum(coalesce(length, octet_length(body)) + coalesce(octet_length(acl), 0)) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) AS bytes_before FROM ({rows}) r) r
        WHERE bytes_before < {parameter(maxBytes)}
        """;

    public static async ValueTask<RecordRows> ReadAsync(NpgsqlDataReader reader, RecordScan scan)
    {
        long version = 0;
        ListHead? head = null;
        var records = new List<StoredRecord>();
        var (bytes, more, isIndexed) = (0L, false, scan.Field is null);
        while (await reader.ReadAsync())
        {
            if (reader.IsDBNull(0))
            {
                version = reader.GetInt64(Version);
                head = reader.IsDBNull(Version + 1) ? null : ListColumns.Read(reader, Version + 1);
                isIndexed = scan.Field is null || reader.GetBoolean(Version + 1 + ListColumns.Count);
                if (!isIndexed)
                {
                    break;
                }
            }
            else if (records.Count == scan.Limit || (bytes >= scan.MaxBytes && records.Count > 0))
            {
                more = true;
            }
            else
            {
                var record = RecordColumns.Read(reader, scan);
                records.Add(record);
                bytes += record.Size;
            }
        }

        return new RecordRows(version, head, records, more) { IsIndexed = isIndexed };
    }

    private void Add(string before, ServerTimestamp stamp) => Add(before, stamp.Milliseconds);

    private void Add(string before, long value)
    {
        parameters.Add(value);
        AppendLast(before, "");
    }

    private void Add(string before, string value, string after)
    {
        parameters.AddText(value);
        AppendLast(before, after);
    }

    private void Add(string before, IReadOnlyList<string> values, string after)
    {
        // A text that PostgreSQL cannot store is no record's id, so it is neither found nor excluded.
        parameters.AddText([.. values.Where(IsText)], static value => value);
        AppendLast(before, after);
    }

    /// <summary>Whether PostgreSQL can store a text.</summary>
    internal static bool IsText(string value)
    {
        foreach (var rune in value.EnumerateRunes())
        {
            // An unpaired surrogate is enumerated as the replacement character.
            if (rune.Value is 0 or 0xFFFD)
            {
                return false;
            }
        }

        return true;
    }

    private void AppendLast(string before, string after) => where.Append(before).Append('$').Append(command.Parameters.Count).Append(after);
}
