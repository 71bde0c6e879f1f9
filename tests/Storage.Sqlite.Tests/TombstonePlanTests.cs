using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Reads;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A list of few live records among very many tombstones costs what its live records cost, and the other way round.</summary>
public sealed class TombstonePlanTests : IDisposable
{
    private static readonly PageCursor Cursor = new(new(60_000), "r050000", new(1_000_000));
    private readonly TemporaryDatabase database = new();

    public static TheoryData<string, ListQuery> LiveLists => new()
    {
        { "newest first", new ListQuery { Limit = 100 } },
        { "oldest first", new ListQuery { Limit = 100, Sort = [new SortField("last_modified", Descending: false)] } },
        { "by id", new ListQuery { Limit = 100, Sort = [new SortField("id", Descending: false)] } },
        { "by id, down", new ListQuery { Limit = 100, Sort = [new SortField("id", Descending: true)] } },
        { "by a field", new ListQuery { Limit = 100, Sort = [new SortField("title", Descending: false)] } },
        { "but one", new ListQuery { Limit = 100, ExcludedIds = ["r000007"] } },
        { "changed", new ListQuery { Limit = 100, Since = new(2_000), Deleted = false } },
        { "second page", new ListQuery { Limit = 100, Cursor = Cursor } },
        { "second page by id", new ListQuery { Limit = 100, Cursor = Cursor, Sort = [new SortField("id", Descending: false)] } },
    };

    [Theory]
    [MemberData(nameof(LiveLists))]
    public void Lists_OfLiveRecords_GoAlongTheIndexOfLiveRecords(string name, ListQuery query)
    {
        var scan = new RecordScan(new BucketKey(BucketId.Named("b"), 1), 1, query, query.Limit, 1 << 20) { LiveRows = 200 };

        var (rows, count) = Plans(scan);

        Assert.Contains("USING INDEX records_live", rows, StringComparison.Ordinal);
        Assert.Contains("INDEX records_live", count, StringComparison.Ordinal);
        Assert.True(query.Order is not (ListOrder.NewestFirst or ListOrder.OldestFirst) || !rows.Contains("TEMP B-TREE", StringComparison.Ordinal), name);
    }

    [Fact]
    public void Lists_OfTombstones_GoAlongTheIndexOfTombstones()
    {
        var query = new ListQuery { Limit = 100, Before = new(900_000), Deleted = true, Sort = [new SortField("last_modified", Descending: false)] };

        var (rows, _) = Plans(new RecordScan(new BucketKey(BucketId.Named("b"), 1), 1, query, query.Limit, 1 << 20));

        Assert.Contains("USING INDEX records_dead", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", rows, StringComparison.Ordinal);
    }

    public static TheoryData<string, ListQuery> ListsOfBoth => new()
    {
        { "newest first", new ListQuery { Limit = 100, Since = new(2_000) } },
        { "oldest first", new ListQuery { Limit = 100, Since = new(2_000), Sort = [new SortField("last_modified", Descending: false)] } },
        { "second page", new ListQuery { Limit = 100, Since = new(2_000), Cursor = Cursor } },
        { "but one", new ListQuery { Limit = 100, Since = new(2_000), ExcludedIds = ["r000007"] } },
    };

    [Theory]
    [MemberData(nameof(ListsOfBoth))]
    public void Lists_OfLiveRecordsAndTombstones_MergeTheirIndexes(string name, ListQuery query)
    {
        var (rows, count) = Plans(new RecordScan(new BucketKey(BucketId.Named("b"), 1), 1, query, query.Limit, 1 << 20));

        foreach (var plan in new[] { rows, count })
        {
            Assert.Contains("INDEX records_live (bucket=? AND list=? AND modified>?", plan, StringComparison.Ordinal);
            Assert.Contains("INDEX records_dead (bucket=? AND list=? AND modified>?", plan, StringComparison.Ordinal);
            Assert.False(plan.Contains("TEMP B-TREE", StringComparison.Ordinal), name);
        }
    }

    [Fact]
    public void Lists_OfVeryManyLiveRecordsById_AreNotSortedForEachPage()
    {
        var query = new ListQuery { Limit = 100, Sort = [new SortField("id", Descending: false)] };

        var (rows, _) = Plans(new RecordScan(new BucketKey(BucketId.Named("b"), 1), 1, query, query.Limit, 1 << 20) { LiveRows = 1_000_000 });

        Assert.DoesNotContain("TEMP B-TREE", rows, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_OfThisProgram_IsTakenByTheFirstRelease()
    {
        // It refuses a file whose table of versions knows a script that it does not know.
        Assert.Equal(1L, database.Database.Read(statements => statements.Scalar("SELECT max(version) FROM schema_version")));
        Assert.Equal(18L, database.Database.Read(statements => statements.Scalar("SELECT max(version) FROM schema_additions")));
    }

    public void Dispose() => database.Dispose();

    private (string Rows, string Count) Plans(RecordScan scan) => database.Database.Read(statements =>
    {
        var count = new ScanStatement(scan);
        var counted = Explain(count.Count, count);
        var list = new ScanStatement(scan);
        return (Explain(list.Rows(), list), counted);

        string Explain(string sql, ScanStatement statement)
        {
            using var reader = statements.Prepare("EXPLAIN QUERY PLAN " + sql, statement.Values).ExecuteReader();
            var lines = new List<string>();
            while (reader.Read())
            {
                lines.Add(reader.GetString(3));
            }

            return string.Join('\n', lines);
        }
    });
}
