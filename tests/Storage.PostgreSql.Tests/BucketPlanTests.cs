using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Reads;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A page of somebody's buckets costs what is on it, however many they have, and whatever PostgreSQL believes of that.</summary>
public sealed class BucketPlanTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Many = 4_000;
    private const int Others = 12_000;

    private static readonly ListQuery All = new() { Limit = 1 };
    private static readonly ListQuery Changed = All with { Since = new(1_001) };
    private static readonly ListQuery ById = All with { Sort = [new SortField("id", Descending: false)] };

    /// <param name="others">Buckets of each of the others: PostgreSQL takes everybody for one of them.</param>
    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public async Task Page_OfManyBuckets_ReadsThoseOfThePage(int others)
    {
        var author = await SeedAsync(others);
        await ReadThoseOfThePageAsync(author, limit: 1);
        await ReadThoseOfThePageAsync(author, limit: 100);

        // With statistics.
        await database.ExecuteAsync("ANALYZE buckets, lists");
        await ReadThoseOfThePageAsync(author, limit: 1);
        await ReadThoseOfThePageAsync(author, limit: 100);
    }

    /// <summary>Somebody whose buckets are nearly all deleted, or nearly all not.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public async Task Page_OfFewAmongManyOthers_ReadsThoseFew(int others)
    {
        var author = await SeedAsync(others);
        await database.ExecuteAsync($"UPDATE buckets SET live = (bucket % 1000 = 0) WHERE author = '{author}'");
        await ReadThoseFewAsync();

        // With statistics.
        await database.ExecuteAsync("ANALYZE buckets, lists");
        await ReadThoseFewAsync();

        async Task ReadThoseFewAsync()
        {
            Assert.InRange((await RowsReadAsync(new BucketScan(author, All, 100))).Buckets, 1, 30);
            Assert.InRange((await RowsReadAsync(new BucketScan(author, ById, 100))).Buckets, 1, 30);
        }
    }

    [Fact]
    public async Task Stamp_OfNewestOfFormerAccount_IsFoundWithoutReadingTheirs()
    {
        var author = await SeedAsync(1);
        await database.ExecuteAsync($"UPDATE buckets SET live = false, author_number = NULL WHERE author = '{author}'; ANALYZE buckets, lists");

        var rows = await RowsReadAsync(new BucketScan(author, Changed with { Since = new(0) }, 1) { Account = new AccountRef(8, new(9_999_999)) });

        Assert.Equal(0, rows.Buckets);
    }

    private async Task ReadThoseOfThePageAsync(string author, int limit)
    {
        var cursor = new PageCursor(new(1_005), $"x{Many:000000}", new(9_999_999));
        foreach (var query in new[]
        {
            All,
            All with { Cursor = cursor },
            All with { Sort = [new SortField("last_modified", Descending: false)], Cursor = cursor },
            All with { ExcludedIds = ["x000001"] },
            All with { Sort = [new SortField("title", Descending: false)], Cursor = cursor },
            ById,
            ById with { Cursor = cursor },
            ById with { Cursor = cursor, Sort = [new SortField("id", Descending: true)] },
            Changed,
            Changed with { Cursor = cursor },
            Changed with { Sort = [new SortField("last_modified", Descending: false)], Cursor = cursor },
            Changed with { Deleted = true },
            ById with { Since = new(0) },
        })
        {
            var scan = new BucketScan(author, query, limit) { Account = new AccountRef(7, new(500)), Kind = BucketKind.Kinto };
            var rows = await RowsReadAsync(scan);

            // One more than fits, of those that exist and of those that do not, and the newest of each for the stamp.
            Assert.InRange(rows.Buckets, 1, 2 * (limit + 2));
            Assert.InRange(rows.Lists, 0, limit + 1);
        }

        var asked = new BucketScan(author, All with { Ids = ["x000001", "x000002", "nobody"] }, limit) { Kind = BucketKind.Kinto };
        Assert.InRange((await RowsReadAsync(asked)).Buckets, 1, 2 + 2);
    }

    private async Task<string> SeedAsync(int others)
    {
        var author = $"account:{Guid.NewGuid():N}";
        await database.ExecuteAsync(
            $"""
            TRUNCATE buckets, lists;
            INSERT INTO buckets (id, kind, version, live, base, author, author_number, author_base)
            SELECT 'b:y' || i, 1, 1, true, 0, 'account:' || (i / {others}), 1, 0 FROM generate_series(1, {Others}) i;
            INSERT INTO buckets (id, kind, version, live, base, author, author_number, author_base)
            SELECT 'b:x' || lpad(((i * 7919) % {2 * Many})::text, 6, '0'), 1, 1, i % 2 = 0, CASE WHEN i % 2 = 0 THEN 0 ELSE 1000 + i % 10 END, '{author}', CASE WHEN i % 2 = 0 THEN 7 END, 0
            FROM generate_series(0, {(2 * Many) - 1}) i;
            INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon)
            SELECT bucket, 1, '', 1, 1000 + bucket % 10, 1, 1, 2, 0 FROM buckets WHERE live;
            """);
        return author;
    }

    private async Task<(long Buckets, long Lists)> RowsReadAsync(BucketScan scan)
    {
        await using var source = PostgresConnections.CreateSource(database.Options);
        await using var connection = await source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        var statement = new BucketScanStatement(batch, scan);
        statement.List();
        batch.BatchCommands[^1].CommandText = "EXPLAIN (ANALYZE, FORMAT JSON) " + batch.BatchCommands[^1].CommandText;
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        await reader.ReadAsync();
        using var plan = JsonDocument.Parse(reader.GetString(0));
        var root = plan.RootElement[0].GetProperty("Plan");
        return (RowsRead(root, "buckets"), RowsRead(root, "lists"));
    }

    private static long RowsRead(JsonElement node, string table)
    {
        var rows = 0.0;
        if (node.TryGetProperty("Relation Name", out var relation) && string.Equals(relation.GetString(), table, StringComparison.Ordinal))
        {
            foreach (var counter in new[] { "Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck" })
            {
                rows += node.TryGetProperty(counter, out var value) ? value.GetDouble() * node.GetProperty("Actual Loops").GetDouble() : 0;
            }
        }

        return (long)rows + (node.TryGetProperty("Plans", out var plans) ? plans.EnumerateArray().Sum(plan => RowsRead(plan, table)) : 0);
    }
}
