using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Reads;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A list of few live records among very many tombstones costs what its live records cost, and the other way round.</summary>
public sealed class TombstonePlanTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Many = 100_000;
    private const int Few = 200;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lists_OfFewAmongMany_ReadNoRowsOfTheOtherKind(bool analyzed)
    {
        // :: Of each 500 rows one is live in list 1, and one is dead in list 2
        var bucket = (long)(await database.QueryAsync($"INSERT INTO buckets (id, kind, version) VALUES ('b:{Guid.NewGuid():N}', 1, 1) RETURNING bucket"))!;
        await database.ExecuteAsync(
            $$"""
            INSERT INTO records (bucket, list, id, modified, deleted, body)
            SELECT {{bucket}}, l, 'r' || lpad(((i * 7919) % {{Many + Few}})::text, 6, '0'), 1000 + i, (i % 501 = 500) = (l = 2), '{}'
            FROM generate_series(0, {{Many + Few - 1}}) i, generate_series(1, 2) l
            """);
        if (analyzed)
        {
            await database.ExecuteAsync("ANALYZE records");
        }

        await using var source = PostgresConnections.CreateSource(database.Options);
        var cursor = new PageCursor(new(60_000), "r050000", new(1_000_000));
        var live = new ListQuery { Limit = 100 };
        foreach (var query in new[]
        {
            live,
            live with { Sort = [new SortField("last_modified", Descending: false)] },
            live with { Sort = [new SortField("id", Descending: false)] },
            live with { Sort = [new SortField("id", Descending: true)] },
            live with { Sort = [new SortField("title", Descending: true)] },
            live with { ExcludedIds = ["r000007"] },
            live with { Since = new(2_000), Deleted = false },
            live with { Cursor = cursor },
            live with { Cursor = cursor, Sort = [new SortField("id", Descending: false)] },
        })
        {
            var scan = new RecordScan(new BucketKey(BucketId.Named("b"), bucket), 1, query, query.Limit, 1 << 20) { LiveRows = Few };
            Assert.InRange(await RowsReadAsync(source, scan, static statement => statement.Rows()), 1, Few + 1);
            Assert.InRange(await RowsReadAsync(source, scan, static statement => statement.Count()), 1, Few + 1);
        }

        var dead = new ListQuery { Limit = 100, Before = new(900_000), Deleted = true, Sort = [new SortField("last_modified", Descending: false)] };
        Assert.InRange(
            await RowsReadAsync(source, new RecordScan(new BucketKey(BucketId.Named("b"), bucket), 2, dead, 100, 1 << 20), static statement => statement.Rows()), 1, Few + 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lists_OfLiveRecordsAndTombstones_ReadWhatTheyAnswer(bool analyzed)
    {
        var bucket = (long)(await database.QueryAsync($"INSERT INTO buckets (id, kind, version) VALUES ('b:{Guid.NewGuid():N}', 1, 1) RETURNING bucket"))!;
        await database.ExecuteAsync(
            $$"""
            INSERT INTO records (bucket, list, id, modified, deleted, body)
            SELECT {{bucket}}, 1, 'r' || lpad(((i * 7919) % {{Many}})::text, 6, '0'), 1000 + i, i % 3 = 0, '{}' FROM generate_series(0, {{Many - 1}}) i
            """);
        if (analyzed)
        {
            await database.ExecuteAsync("ANALYZE records");
        }

        await using var source = PostgresConnections.CreateSource(database.Options);
        var cursor = new PageCursor(new(60_000), "r050000", new(1_000_000));
        var changed = new ListQuery { Limit = 100, Since = new(2_000) };
        foreach (var query in new[]
        {
            changed,
            changed with { Sort = [new SortField("last_modified", Descending: false)] },
            changed with { Cursor = cursor },
            changed with { Cursor = cursor, Sort = [new SortField("last_modified", Descending: false)] },
            changed with { Since = new(1000 + Many - 50) },
        })
        {
            var scan = new RecordScan(new BucketKey(BucketId.Named("b"), bucket), 1, query, query.Limit, 1 << 20);

            // One row more than fits, of each index.
            Assert.InRange(await RowsReadAsync(source, scan, static statement => statement.Rows()), 1, 2 * (query.Limit + 1));
        }

        var poll = new RecordScan(new BucketKey(BucketId.Named("b"), bucket), 1, changed with { Since = new(1000 + Many - 50) }, 100, 1 << 20);
        Assert.Equal(49, await RowsReadAsync(source, poll, static statement => statement.Count()));
    }

    private static async Task<long> RowsReadAsync(NpgsqlDataSource source, RecordScan scan, Func<ScanStatement, NpgsqlCommand> choose)
    {
        await using var connection = await source.OpenConnectionAsync();
        using var statement = new ScanStatement(connection, scan);
        var command = choose(statement);
        command.CommandText = "EXPLAIN (ANALYZE, FORMAT JSON) " + command.CommandText;
        using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
        return RowsRead(plan.RootElement[0].GetProperty("Plan"));
    }

    private static long RowsRead(JsonElement node)
    {
        var rows = 0.0;
        var name = node.TryGetProperty("Relation Name", out var relation) ? relation.GetString() : null;
        if (name is "records")
        {
            foreach (var counter in new[] { "Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck" })
            {
                rows += node.TryGetProperty(counter, out var value) ? value.GetDouble() * node.GetProperty("Actual Loops").GetDouble() : 0;
            }
        }

        return (long)rows + (node.TryGetProperty("Plans", out var plans) ? plans.EnumerateArray().Sum(RowsRead) : 0);
    }
}
