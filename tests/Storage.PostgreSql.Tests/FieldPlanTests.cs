using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Reads;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A read by an index on a field reads no more than fits: of the index where that has the order, of the records in any case.</summary>
public sealed class FieldPlanTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Many = 20_000;

    // Each key has a hundredth of the records.
    private const int Each = 200;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Scan_ReadsWhatFits(bool analyzed)
    {
        var bucket = (long)(await database.QueryAsync($"INSERT INTO buckets (id, kind, version) VALUES ('b:{Guid.NewGuid():N}', 1, 1) RETURNING bucket"))!;
        await database.ExecuteAsync(
            $$"""
            INSERT INTO records (bucket, list, id, modified, deleted, body)
            SELECT {{bucket}}, 1, 'r' || lpad(((i * 7919) % {{Many}})::text, 6, '0'), 1000 + i, false, '{}' FROM generate_series(0, {{Many - 1}}) i;
            INSERT INTO field_keys (bucket, field, id, modified, key) SELECT bucket, 7, id, modified, decode('03' || lpad(to_hex(modified % 100), 2, '0'), 'hex')
            FROM records WHERE bucket = {{bucket}}
            """);
        if (analyzed)
        {
            await database.ExecuteAsync("ANALYZE records; ANALYZE field_keys");
        }

        var (point, some, all) = (new FieldRange(7, new byte[] { 3, 5 }, new byte[] { 3, 5 }), new FieldRange(7, new byte[] { 3, 5 }, new byte[] { 3, 6 }), FieldRange.All(7));
        await using var source = PostgresConnections.CreateSource(database.Options);
        foreach (var (name, range, query, most) in new[]
        {
            ("equal", point, new ListQuery { Limit = 50 }, 51),
            ("equal, second page", point, new ListQuery { Limit = 50, Cursor = new(new(9_000), "r005000", new(1_000_000)) }, 51),
            ("equal, oldest first", point, new ListQuery { Limit = 50, Sort = [new SortField("last_modified", Descending: false)] }, 51),
            ("range", some, new ListQuery { Limit = 50 }, 2 * Each),
            ("by id", some, new ListQuery { Limit = 50, Sort = [new SortField("id", Descending: false)] }, 2 * Each),
            ("the greatest first", all with { IsDescending = true }, new ListQuery { Limit = 50 }, 51),
            ("the greatest first, second page", all with { IsDescending = true, After = (new byte[] { 3, 50 }, new(9_000), "r1") }, new ListQuery { Limit = 50 }, 51),

            // What has one key has to be put in order, the newest first.
            ("the least first", all with { IsDescending = false }, new ListQuery { Limit = 50 }, (2 * Each) + 1),
            ("the least first, second page", all with { IsDescending = false, After = (new byte[] { 3, 50 }, new(9_000), "r1") }, new ListQuery { Limit = 50 }, (3 * Each) + 1),
        })
        {
            if (!analyzed && range.IsDescending == false)
            {
                // Of a table that it knows nothing of PostgreSQL puts all in order, and not one key after the other.
                continue;
            }

            var scan = new RecordScan(new BucketKey(BucketId.Named("b"), bucket), 1, query, query.Limit, 1 << 20) { Field = range };
            await using var connection = await source.OpenConnectionAsync();
            using var statement = new FieldScanStatement(connection, scan);
            var command = statement.Rows();
            command.CommandText = "EXPLAIN (ANALYZE, FORMAT JSON) " + command.CommandText;
            using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
            var root = plan.RootElement[0].GetProperty("Plan");

            var keys = RowsRead(root, "field_keys");
            Assert.True(keys >= 1 && keys <= most, $"{name}: {keys} of the index, and may be {most}; {plan.RootElement}");
            Assert.InRange(RowsRead(root, "records"), 1, query.Limit + 1);
        }
    }

    private static long RowsRead(JsonElement node, string table)
    {
        var rows = 0.0;
        if (node.TryGetProperty("Relation Name", out var relation) && relation.GetString() == table)
        {
            foreach (var counter in new[] { "Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck" })
            {
                rows += node.TryGetProperty(counter, out var value) ? value.GetDouble() * node.GetProperty("Actual Loops").GetDouble() : 0;
            }
        }

        return (long)Math.Round(rows) + (node.TryGetProperty("Plans", out var plans) ? plans.EnumerateArray().Sum(child => RowsRead(child, table)) : 0);
    }
}
