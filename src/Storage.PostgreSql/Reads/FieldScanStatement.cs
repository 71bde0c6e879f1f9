using System.Globalization;
using System.Text;
using Lockstep.Core.Lists;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A scan by an index on a field, as SQL. It looks up no more rows than are read. Its answer says, from the same snapshot, whether the index is usable.</summary>
internal sealed class FieldScanStatement : IDisposable
{
    // The index is complete, and in step with its list.
    private const string IsUsable =
        "EXISTS (SELECT FROM field_indexes f WHERE f.bucket = $1 AND f.field = $3 AND f.list = $2 AND f.whole AND f.path IS NOT NULL AND f.touched = l.touched)";

    private readonly StringBuilder where = new("bucket = $1 AND field = $3");
    private readonly NpgsqlCommand command;
    private readonly ParameterList parameters;
    private readonly RecordScan scan;
    private readonly FieldRange range;
    private readonly FieldScanTerms terms;

    public FieldScanStatement(NpgsqlConnection connection, RecordScan scan)
    {
        (this.scan, range) = (scan, scan.Field!);
        command = new NpgsqlCommand { Connection = connection };
        parameters = new ParameterList(command.Parameters);
        parameters.Add(scan.Bucket.Row);
        parameters.Add(scan.List);
        parameters.Add(range.Index);
        terms = new FieldScanTerms(scan);
        Add(terms.Range);
        if (scan.Query.ExcludedIds is { } excluded)
        {
            parameters.AddText([.. excluded.Where(ScanStatement.IsText)], static id => id);
            where.Append(CultureInfo.InvariantCulture, $" AND id <> ALL (${command.Parameters.Count})");
        }
    }

    public void Dispose() => command.Dispose();

    /// <summary>Like <see cref="ScanStatement.Count"/>, for no more rows than the scan's limit. Also returns whether the index is usable.</summary>
    public NpgsqlCommand Count()
    {
        command.CommandText =
            $"""
            SELECT c.count, b.version, {ListColumns.From("l")}, 0::bigint, {IsUsable}
            FROM (SELECT count(*) FROM (SELECT 1 FROM field_keys WHERE {where} LIMIT {Parameter((long)scan.Limit)}) k) c
            LEFT JOIN LATERAL (SELECT * FROM buckets b WHERE b.bucket = $1 OFFSET 0) b ON true
            LEFT JOIN LATERAL (SELECT * FROM lists l WHERE l.bucket = b.bucket AND l.list = $2 OFFSET 0) l ON true
            """;
        return command;
    }

    public static async ValueTask<RecordCount> ReadCountAsync(NpgsqlDataReader reader)
    {
        var count = await ScanStatement.ReadCountAsync(reader);
        return count with { IsIndexed = reader.GetBoolean(3 + ListColumns.Count) };
    }

    /// <summary>Like <see cref="ScanStatement.Rows"/>. The head's row also says whether the index is usable.</summary>
    public NpgsqlCommand Rows()
    {
        var source = "field_keys";
        if (range.IsDescending is null && scan.Order is (ListOrder.IdAscending or ListOrder.IdDescending))
        {
            // Otherwise PostgreSQL reads along all ids of the index to save the sort.
            source = $"(SELECT * FROM field_keys WHERE {where} OFFSET 0) k";
            where.Clear().Append("true");
        }

        Add(terms.Behind);
        var order = string.Join(", ", terms.Order.Select(static by => by.Descending ? $"{by.Path} DESC" : by.Path));

        // One row more than fits shows whether there are more. The subquery keeps the planner to one look-up a row.
        var rows =
            $"""
            SELECT {RecordColumns.Of(scan.Query.Projection, scan.ReadsAcl)}
            FROM (SELECT id AS named, key FROM {source} WHERE {where} ORDER BY {order} LIMIT {Parameter(scan.Limit + 1L)}) d
            CROSS JOIN LATERAL (SELECT * FROM records r WHERE r.bucket = $1 AND r.list = $2 AND r.id = d.named OFFSET 0) r
            ORDER BY {order}
            """;
        command.CommandText =
            $"""
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, b.version, {ListColumns.From("l")}, {IsUsable}
            FROM buckets b LEFT JOIN LATERAL (SELECT * FROM lists l WHERE l.bucket = b.bucket AND l.list = $2 OFFSET 0) l ON true WHERE b.bucket = $1
            UNION ALL
            SELECT {RecordColumns.Names}, length, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM ({ScanStatement.UpTo(scan.MaxBytes, rows, bytes => Parameter(bytes))}) r
            """;
        return command;
    }

    private void Add(IReadOnlyList<IndexTerm> more)
    {
        foreach (var term in more)
        {
            where.Append(" AND ").Append(term.Text(Parameter));
        }
    }

    private string Parameter(object value)
    {
        switch (value)
        {
            case string text:
                parameters.AddText(text);
                break;
            case long number:
                parameters.Add(number);
                break;
            default:
                parameters.Add((byte[])value);
                break;
        }

        return string.Create(CultureInfo.InvariantCulture, $"${command.Parameters.Count}");
    }
}
