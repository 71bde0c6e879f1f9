using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Reads;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A poll by somebody whom very many rows name goes by what is new, and of each principal by no more than fits.</summary>
public sealed class NamedPlanTests : IDisposable
{
    private const string Rows = "SEARCH records USING INDEX sqlite_autoindex_records_1 (bucket=? AND list=? AND id=?)";
    private readonly TemporaryDatabase database = new();

    public static TheoryData<string, ListQuery> Polls => new()
    {
        { "newest", new ListQuery { Limit = 1, Since = new(0), Projection = Projection.Metadata } },
        { "changed", new ListQuery { Limit = 100, Since = new(2_000) } },
        { "second page", new ListQuery { Limit = 100, Since = new(2_000), Cursor = new(new(60_000), "r050000", new(1_000_000)) } },
        { "before", new ListQuery { Limit = 100, Since = new(2_000), Before = new(90_000) } },
    };

    [Theory]
    [MemberData(nameof(Polls))]
    public void Polls_ReadOfEachPrincipalWhatFits(string name, ListQuery query)
    {
        var plan = Plan(query);

        Assert.Contains("SEARCH g USING COVERING INDEX grants_newest (bucket=? AND list=? AND principal=? AND stamp>?", plan, StringComparison.Ordinal);
        Assert.Contains("CORRELATED SCALAR SUBQUERY", plan, StringComparison.Ordinal);
        Assert.Contains("SEARCH s USING COVERING INDEX grants_newest (bucket=? AND list=? AND principal=? AND stamp>?", plan, StringComparison.Ordinal);
        Assert.Contains(Rows, plan, StringComparison.Ordinal);
        Assert.Equal(name is "second page" or "before", plan.Contains("stamp>? AND stamp<?", StringComparison.Ordinal));
    }

    /// <summary>As a count reads them, a thousand at a time.</summary>
    [Fact]
    public void AllThatNameOne_AreReadInChunksById_EachWithoutTheOthers()
    {
        var plan = Plan(new ListQuery { Limit = 1_000, Since = new(0), Sort = [new SortField("id", Descending: false)], Cursor = new(new(1), "r050000", PageCursor.Unbounded) });

        Assert.Contains("(principal=? AND relation=? AND bucket=? AND list=? AND id>? AND id<?)", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("list=?)", plan, StringComparison.Ordinal);
        Assert.Contains(Rows, plan, StringComparison.Ordinal);
    }

    public static TheoryData<string, ListQuery> Lists => new()
    {
        { "live", new ListQuery { Limit = 100 } },
        { "live, second page", new ListQuery { Limit = 100, Cursor = new(new(60_000), "r050000", new(1_000_000)) } },
        { "by id", new ListQuery { Limit = 100, Sort = [new SortField("id", Descending: false)] } },
        { "but one", new ListQuery { Limit = 100, Since = new(2_000), ExcludedIds = ["r000007"] } },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Lists_ReadWhatNamesOne_AndNotTheWholeList(string name, ListQuery query)
    {
        var plan = Plan(query);

        Assert.Contains("SEARCH g USING COVERING INDEX grants_newest (bucket=? AND list=? AND principal=?", plan, StringComparison.Ordinal);
        Assert.Contains(Rows, plan, StringComparison.Ordinal);
        Assert.True(!plan.Contains("SCAN records", StringComparison.Ordinal), name);
    }

    public void Dispose() => database.Dispose();

    private string Plan(ListQuery query) => database.Database.Read(statements =>
    {
        var scan = new RecordScan(new BucketKey(BucketId.Named("b"), 1), 1, query, query.Limit, 1 << 20) { Principals = ["system.Everyone", "account:bob#2"] };
        var statement = new ScanStatement(scan);
        using var reader = statements.Prepare("EXPLAIN QUERY PLAN " + statement.Rows(), statement.Values).ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(reader.GetString(3));
        }

        return string.Join('\n', lines);
    });
}
