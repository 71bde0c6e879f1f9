using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Reads;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A read by an index on a field looks up the rows of a page, and walks along the index alone.</summary>
public sealed class FieldPlanTests : IDisposable
{
    private const string Rows = "SEARCH records USING INDEX sqlite_autoindex_records_1 (bucket=? AND list=? AND id=?)";
    private static readonly FieldRange Point = new(7, new byte[] { 3, 1 }, new byte[] { 3, 1 });
    private static readonly FieldRange Wide = new(7, new byte[] { 3, 1 }, new byte[] { 3, 9 });
    private static readonly PageCursor Cursor = new(new(60_000), "r050000", new(1_000_000));
    private readonly TemporaryDatabase database = new();

    public static TheoryData<string, FieldRange, ListQuery, string> Scans => new()
    {
        { "equal, newest first", Point, new ListQuery { Limit = 100 }, "(bucket=? AND field=? AND key=?)" },
        { "equal, second page", Point, new ListQuery { Limit = 100, Cursor = Cursor }, "(bucket=? AND field=? AND key=? AND modified<?)" },
        { "equal, oldest first", Point, new ListQuery { Limit = 100, Sort = [new SortField("last_modified", Descending: false)] }, "(bucket=? AND field=? AND key=?)" },
        { "range", Wide, new ListQuery { Limit = 100 }, "(bucket=? AND field=? AND key>? AND key<?)" },
        { "in the field's order", Wide with { IsDescending = false }, new ListQuery { Limit = 100 }, "(bucket=? AND field=? AND key>? AND key<?)" },
        { "in the field's order, second page", Wide with { IsDescending = false, After = (new byte[] { 3, 2 }, new(60_000), "r1") }, new ListQuery { Limit = 100 }, "(bucket=? AND field=? AND key>? AND key<?)" },
        { "the greatest first, second page", Wide with { IsDescending = true, After = (new byte[] { 3, 2 }, new(60_000), "r1") }, new ListQuery { Limit = 100 }, "(bucket=? AND field=? AND key" },
    };

    [Theory]
    [MemberData(nameof(Scans))]
    public void Scan_GoesAlongTheIndex_AndLooksUpThePage(string name, FieldRange range, ListQuery query, string search)
    {
        var plan = Plan(new RecordScan(new BucketKey(BucketId.Named("b"), 1), 1, query, query.Limit, 1 << 20) { Field = range });

        Assert.Contains($"SEARCH field_keys USING COVERING INDEX field_keys_order {search}", plan, StringComparison.Ordinal);
        Assert.Contains(Rows, plan, StringComparison.Ordinal);
        Assert.DoesNotContain("SCAN records", plan, StringComparison.Ordinal);

        // What has one key is in order as it lies there; and so is the order of the field from the greatest on.
        var inner = plan[..plan.IndexOf(Rows, StringComparison.Ordinal)];
        Assert.True(!(range.IsPoint || range.IsDescending == true) || !inner.Contains("TEMP B-TREE", StringComparison.Ordinal), $"{name}: {plan}");
    }

    public void Dispose() => database.Dispose();

    private string Plan(RecordScan scan) => database.Database.Read(statements =>
    {
        var statement = new FieldScanStatement(scan);
        var sql = statement.Rows();
        using var reader = statements.Prepare("EXPLAIN QUERY PLAN " + sql, statement.Values).ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(reader.GetString(3));
        }

        return string.Join('\n', lines);
    });
}
