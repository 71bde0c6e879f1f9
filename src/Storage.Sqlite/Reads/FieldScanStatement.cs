using System.Globalization;
using System.Text;
using System.Text.Json;
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
    private readonly FieldScanTerms terms;

    public FieldScanStatement(RecordScan scan)
    {
        (this.scan, terms) = (scan, new FieldScanTerms(scan));
        values = [scan.Bucket.Row, (long)scan.List, (long)scan.Field!.Index];
        Add(terms.Range);
        if (scan.Query.ExcludedIds is { } excluded)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND id NOT IN (SELECT value FROM json_each({Parameter(JsonSerializer.Serialize(excluded))}))");
        }
    }

    public ReadOnlySpan<object?> Values => values.ToArray();

    public string Count() => $"SELECT count(*) FROM (SELECT 1 FROM field_keys INDEXED BY field_keys_order WHERE {where} LIMIT {Parameter((long)scan.Limit)})";

    public string Rows()
    {
        Add(terms.Behind);
        var order = string.Join(", ", terms.Order.Select(static by => by.Descending ? $"{by.Path} DESC" : by.Path));

        // One row more tells whether there is one.
        return $"SELECT {RecordColumns.Of(scan.Query.Projection, scan.ReadsAcl)} FROM (SELECT id AS named, key FROM field_keys INDEXED BY field_keys_order WHERE {where} ORDER BY {order} LIMIT {Parameter(scan.Limit + 1L)}) n"
            + $" CROSS JOIN records ON bucket = $0 AND list = $1 AND id = n.named ORDER BY {order}";
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
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count - 1}");
    }
}
