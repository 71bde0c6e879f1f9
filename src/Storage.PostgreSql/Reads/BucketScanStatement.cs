using System.Globalization;
using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>
/// A read of somebody's buckets as SQL, from one snapshot. Each index has existing and deleted buckets in separate parts; a list of both merges them.
/// </summary>
internal sealed class BucketScanStatement
{
    private const string Number = "CASE WHEN author_base = base THEN author_number END";

    private readonly NpgsqlBatch batch;
    private readonly NpgsqlBatchCommand command = new();
    private readonly ParameterList parameters;
    private readonly BucketScan scan;

    // The conditions on the author, for existing and for deleted buckets.
    private readonly string live;
    private readonly string deleted;

    // The query's other conditions.
    private readonly StringBuilder where = new();
    private readonly string source = "buckets";

    public BucketScanStatement(NpgsqlBatch batch, BucketScan scan)
    {
        this.batch = batch;
        this.scan = scan;
        parameters = new ParameterList(command.Parameters);

        // Reads along the index in order, and no further than the page, whatever the planner assumes about the number of somebody's buckets.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT set_config('enable_sort', 'off', true)"));
        batch.BatchCommands.Add(command);

        parameters.AddText(scan.Author);
        var list = "author = $1";
        if (scan.Kind is { } kind)
        {
            list += $" AND kind = {Next((short)kind)}";
        }

        (live, deleted) = ($"{list} AND live", $"{list} AND NOT live");
        if (scan.Account is { Number: not 0 } account)
        {
            live += $" AND CASE WHEN {Number} IS NULL THEN modified >= {Next(account.Since.Milliseconds)} ELSE author_number = {Next(account.Number)} END";
        }

        if (scan.Query.ExcludedIds is { } excluded)
        {
            where.Append(" AND substr(id, 3) <> ALL (").Append(Next(excluded)).Append(')');
        }

        if (scan.Ids is { } ids)
        {
            source = $"(SELECT b.* FROM unnest({Next([.. ids.Select(static id => id.Value)])}) AS k (id) CROSS JOIN LATERAL (SELECT * FROM buckets b WHERE b.id = k.id OFFSET 0) b) b";
        }
    }

    /// <summary>Counts existing buckets.</summary>
    public void Count() => command.CommandText = scan.WantsLive
        ? $"SELECT {Stamp()}, (SELECT count(*) FROM {source} WHERE {live}{where}{Within(scan.Uncut().RangeOf(deleted: false))})"
        : $"SELECT {Stamp()}, 0::bigint";

    /// <summary>A row with only the stamp, then the rows of the buckets: one more than wanted, if there is one.</summary>
    public void List()
    {
        var order = scan.Order switch
        {
            ListOrder.OldestFirst => "modified, name",
            ListOrder.IdAscending => "name",
            ListOrder.IdDescending => "name DESC",
            _ => "modified DESC, name DESC",
        };
        var end = $" ORDER BY {order} LIMIT {Next(scan.Limit + 1L)}";
        var parts = new List<string>();
        if (scan.WantsLive)
        {
            parts.Add(Part(live, scan.RangeOf(deleted: false)));
        }

        if (scan.WantsDeleted)
        {
            parts.Add(Part(deleted, scan.RangeOf(deleted: true)));
        }

        command.CommandText = $"SELECT NULL::text, NULL::boolean, {Stamp()}, NULL::bigint, NULL::bigint";
        if (parts.Count > 0)
        {
            command.CommandText +=
                $"""
                 UNION ALL
                (SELECT p.id, p.live, p.modified, coalesce(l.bytes, 0), p.number
                FROM (SELECT * FROM ({string.Join(" UNION ALL ", parts)}) found{end}) p
                LEFT JOIN LATERAL (SELECT bytes FROM lists l WHERE p.live AND l.bucket = p.bucket AND l.role = 1 AND l.name = '' OFFSET 0) l ON true
                ORDER BY {order})
                """;
        }

        string Part(string whose, BucketRange range) =>
            $"(SELECT bucket, id, live, modified, substr(id, 3) AS name, {Number} AS number FROM {source} WHERE {whose}{where}{Within(range)}{end})";
    }

    public async ValueTask<BucketCount> ReadCountAsync()
    {
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        await reader.ReadAsync();
        return new BucketCount(StampOf(reader, 0), reader.GetInt64(1));
    }

    public async ValueTask<BucketRows> ReadListAsync()
    {
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        var stamp = ServerTimestamp.Zero;
        var entries = new List<BucketEntry>();
        while (await reader.ReadAsync())
        {
            if (reader.IsDBNull(0))
            {
                stamp = StampOf(reader, 2);
            }
            else
            {
                entries.Add(new BucketEntry(BucketId.Parse(reader.GetString(0)), new ServerTimestamp(reader.GetInt64(2)), !reader.GetBoolean(1), reader.GetInt64(3))
                {
                    AuthorNumber = reader.IsDBNull(4) ? null : reader.GetInt64(4),
                });
            }
        }

        return new BucketRows(stamp, [.. entries.Take(scan.Limit)], entries.Count > scan.Limit);
    }

    private string Stamp()
    {
        return $"greatest({Newest(live)}, {Newest(deleted + Within(scan.Whole().RangeOf(deleted: true)))})";

        static string Newest(string whose) => $"(SELECT modified FROM buckets WHERE {whose} ORDER BY modified DESC LIMIT 1)";
    }

    private string Within(BucketRange range)
    {
        var text = new StringBuilder();
        if (range.Above is { } above)
        {
            text.Append(" AND modified > ").Append(Next(above.Milliseconds));
        }

        if (range.UpTo is { } upTo)
        {
            text.Append(" AND modified <= ").Append(Next(upTo.Milliseconds));
        }

        if (range.Past is { } past)
        {
            text.Append(scan.Order switch
            {
                ListOrder.OldestFirst => $" AND (modified, substr(id, 3)) > ({Next(past.Modified.Milliseconds)}, {Next(past.Id)})",
                ListOrder.IdAscending => $" AND substr(id, 3) > {Next(past.Id)}",
                ListOrder.IdDescending => $" AND substr(id, 3) < {Next(past.Id)}",
                _ => $" AND (modified, substr(id, 3)) < ({Next(past.Modified.Milliseconds)}, {Next(past.Id)})",
            });
        }

        return text.ToString();
    }

    private static ServerTimestamp StampOf(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? ServerTimestamp.Zero : new ServerTimestamp(reader.GetInt64(column));

    private string Next<T>(T value)
        where T : struct
    {
        parameters.Add(value);
        return Last;
    }

    private string Next(string value)
    {
        parameters.AddText(value);
        return Last;
    }

    private string Next(IReadOnlyList<string> values)
    {
        // A text that PostgreSQL cannot store is no bucket's name, so it is neither found nor excluded.
        parameters.AddText([.. values.Where(ScanStatement.IsText)], static value => value);
        return Last;
    }

    private string Last => string.Create(CultureInfo.InvariantCulture, $"${command.Parameters.Count}");
}
