using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Reads;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A poll by somebody whom very many rows name reads what is new, and of each principal no more than fits.</summary>
public sealed class NamedPlanTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Many = 20_000;
    private static readonly string[] Principals = ["system.Everyone", "account:bob#2", "/buckets/b/groups/staff"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Polls_ReadOfEachPrincipalWhatFits(bool analyzed)
    {
        // :: Bob is named by all rows, the group by a tenth of them
        var bucket = (long)(await database.QueryAsync($"INSERT INTO buckets (id, kind, version) VALUES ('b:{Guid.NewGuid():N}', 1, 1) RETURNING bucket"))!;
        await database.ExecuteAsync(
            $$"""
            INSERT INTO records (bucket, list, id, modified, deleted, body)
            SELECT {{bucket}}, 1, 'r' || lpad(((i * 7919) % {{Many}})::text, 6, '0'), 1000 + i, i % 3 = 0, '{}' FROM generate_series(0, {{Many - 1}}) i;
            INSERT INTO grants (bucket, list, relation, principal, id, stamp)
            SELECT bucket, list, 0, p, id, modified FROM records CROSS JOIN unnest(ARRAY['account:bob#2', '/buckets/b/groups/staff']) p
            WHERE bucket = {{bucket}} AND (p = 'account:bob#2' OR modified % 10 = 0)
            """);
        if (analyzed)
        {
            await database.ExecuteAsync("ANALYZE records; ANALYZE grants");
        }

        await using var source = PostgresConnections.CreateSource(database.Options);
        foreach (var query in new[]
        {
            new ListQuery { Limit = 1, Since = new(0), Projection = Projection.Metadata },
            new ListQuery { Limit = 100, Since = new(2_000) },
            new ListQuery { Limit = 100, Since = new(2_000), Before = new(9_000) },
            new ListQuery { Limit = 100, Since = new(2_000), Cursor = new(new(9_000), "r005000", new(1_000_000)) },
            new ListQuery { Limit = 100, Since = new(1000 + Many - 50) },

            // As a count reads them.
            new ListQuery { Limit = 100, Since = new(0), Sort = [new SortField("id", Descending: false)], Cursor = new(new(1), "r010000", PageCursor.Unbounded) },
        })
        {
            var scan = new RecordScan(new BucketKey(BucketId.Named("b"), bucket), 1, query, query.Limit, 1 << 20) { Principals = Principals };
            await using var connection = await source.OpenConnectionAsync();
            using var statement = new ScanStatement(connection, scan);
            var command = statement.Rows();
            command.CommandText = "EXPLAIN (ANALYZE, FORMAT JSON) " + command.CommandText;
            using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);

            // One row more than fits: of the index for each principal, and of the rows themselves for all of them together.
            Assert.InRange(RowsRead(plan.RootElement[0].GetProperty("Plan"), "grants"), 1, Principals.Length * (query.Limit + 1));
            Assert.InRange(RowsRead(plan.RootElement[0].GetProperty("Plan"), "records"), 1, query.Limit + 1);
        }
    }

    /// <summary>Whoever stops reading has to take all that was sent.</summary>
    [Fact]
    public async Task Objects_ThatNameSomebody_AreSentAsFarAsTheBytesGo()
    {
        var principal = $"account:{Guid.NewGuid():N}#1";
        var bucket = (long)(await database.QueryAsync($"INSERT INTO buckets (id, kind, version, live) VALUES ('b:{Guid.NewGuid():N}', 1, 1, true) RETURNING bucket"))!;
        await database.ExecuteAsync(
            $$"""
            INSERT INTO lists (bucket, rows_modified, touched, count, bytes, horizon, list, role, name) VALUES ({{bucket}}, 1, 1, 50, 100, 0, 1, 0, 'c');
            INSERT INTO records (bucket, list, id, modified, deleted, body, acl)
            SELECT {{bucket}}, 1, 'r' || i, 1000 + i, false, '{}', decode(repeat('00', 10000), 'hex') FROM generate_series(0, 49) i;
            INSERT INTO grants (bucket, list, relation, principal, id, stamp) SELECT bucket, list, 0, '{{principal}}', id, modified FROM records WHERE bucket = {{bucket}}
            """);
        await using var source = PostgresConnections.CreateSource(database.Options);
        await using var connection = await source.OpenConnectionAsync();

        // The third passes it.
        Assert.Equal(3, await SentAsync(25_000));
        Assert.Equal(1, await SentAsync(1));
        Assert.Equal(50, await SentAsync(long.MaxValue));

        async Task<long> SentAsync(long bytes)
        {
            await using var command = new NpgsqlCommand("EXPLAIN (ANALYZE, FORMAT JSON) " + PostgresBucketIndex.Named, connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.AddText([principal], static one => one);
            parameters.Add(new[] { (short)0 });
            parameters.Add(1_000L);
            parameters.Add(true);
            parameters.AddText(Array.Empty<string>(), static one => one);
            parameters.Add(bytes);
            using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
            return (long)plan.RootElement[0].GetProperty("Plan").GetProperty("Actual Rows").GetDouble();
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
