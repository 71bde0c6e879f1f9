using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Reads;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A page of somebody's buckets costs what is on it, however many they have.</summary>
public sealed class BucketPlanTests : IDisposable
{
    private const int Many = 10_000;

    private static readonly PageCursor Cursor = new(new(1_003), "x00020", new(9_999_999));
    private readonly TemporaryDatabase database = new();

    public static TheoryData<string, ListQuery> Queries => new()
    {
        { "newest first", Query("last_modified", true) },
        { "second page", Query("last_modified", true) with { Cursor = Cursor } },
        { "oldest first, second page", Query("last_modified", false) with { Cursor = Cursor } },
        { "by id", Query("id", false) },
        { "by id, second page", Query("id", false) with { Cursor = Cursor } },
        { "by id, down, second page", Query("id", true) with { Cursor = Cursor } },
        { "by a field", Query("title", true) with { Cursor = Cursor } },
        { "but one", Query("last_modified", true) with { ExcludedIds = ["x00001"] } },
        { "changed", Query("last_modified", true) with { Since = new(1_001) } },
        { "changed, second page", Query("last_modified", true) with { Since = new(1_001), Cursor = Cursor } },
        { "changed, oldest first, second page", Query("last_modified", false) with { Since = new(1_001), Cursor = Cursor } },
        { "deleted", Query("last_modified", true) with { Since = new(1_001), Deleted = true } },
        { "changed, by id", Query("id", false) with { Since = new(1), Cursor = Cursor } },
        { "some", Query("id", false) with { Ids = ["x00001", "x00002", "nobody"] } },
    };

    [Theory]
    [MemberData(nameof(Queries))]
    public void Page_OfManyBuckets_CostsNoMoreThanOneOfFew(string name, ListQuery query)
    {
        // :: Each with as many that are deleted, and all with one stamp in ten
        Seed("account:few", "y", 100);
        Seed("account:many", "x", Many);

        var (few, many) = (StepsOf("account:few"), StepsOf("account:many"));

        // Steps of SQLite's machine; a bucket takes some twenty.
        Assert.True(many < few + 100, $"{name}: {many} steps of {Many} buckets, {few} of 100");

        long StepsOf(string author) => Steps(new BucketScan(author, Of(query, author), 1) { Account = new AccountRef(7, new(500)), Kind = BucketKind.Kinto });
    }

    [Theory]
    [InlineData("last_modified")]
    [InlineData("id")]
    public void Page_OfFewAmongManyDeletedOnes_CostsThoseFew(string sort)
    {
        Seed("account:few", "y", 1);
        Seed("account:many", "x", 1, deleted: Many);

        var (few, many) = (StepsOf("account:few"), StepsOf("account:many"));

        Assert.True(many < few + 100, $"{many} steps, {few} without");

        long StepsOf(string author) => Steps(new BucketScan(author, Query(sort, descending: false), 100));
    }

    [Fact]
    public void Page_OfTheNewest_GoesAlongTheIndexFromTheCursor() => database.Database.Read(statements =>
    {
        var statement = new BucketScanStatement(new BucketScan("account:a", Query("last_modified", true) with { Since = new(1), Cursor = Cursor }, 1));
        using var reader = statements.Prepare("EXPLAIN QUERY PLAN " + statement.List(), statement.Values).ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(reader.GetString(3));
        }

        Assert.Equal(2, lines.Count(static line => line.Contains("USING INDEX buckets_by_stamp (author=? AND live=? AND modified>? AND (modified,name)<(?,?))", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, static line => line.Contains("TEMP B-TREE", StringComparison.Ordinal));
        return true;
    });

    public void Dispose() => database.Dispose();

    private static ListQuery Query(string sort, bool descending) => new() { Limit = 1, Sort = [new SortField(sort, descending)] };

    /// <summary>With the names of that author's buckets.</summary>
    private static ListQuery Of(ListQuery query, string author) => author.EndsWith("many", StringComparison.Ordinal) ? query : query with
    {
        Cursor = query.Cursor is { } cursor ? cursor with { Id = Named(cursor.Id) } : null,
        Ids = query.Ids?.Select(Named).ToArray(),
        ExcludedIds = query.ExcludedIds?.Select(Named).ToArray(),
    };

    private static string Named(string id) => id.Replace('x', 'y');

    private void Seed(string author, string letter, int live, int? deleted = null)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {live + (deleted ?? live)})
            INSERT INTO buckets (id, kind, version, nonce, clock, live, base, next_key, author, author_number, author_base)
            SELECT 'b:{letter}' || printf('%05d', i), 1, 1, x'', 1, i < {live}, iif(i < {live}, 0, 1000 + i % 10), 1, '{author}', iif(i < {live}, 7, NULL), 0 FROM n;
            INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon)
            SELECT bucket, 1, '', 1, 1000 + bucket % 10, 1, 1, 2, 0 FROM buckets WHERE live = 1 AND author = '{author}';
            """;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={database.Options.Path};Pooling=False");
        connection.Open();
        return connection;
    }

    private long Steps(BucketScan scan)
    {
        using var connection = Open();
        using var statements = new SqliteStatements(connection);
        var (newest, list) = (new BucketScanStatement(scan), new BucketScanStatement(scan));
        var (newestSql, listSql) = (newest.Newest(), list.List()!);
        statements.Scalar(newestSql, newest.Values);
        var rows = 0;
        var steps = 0L;
        raw.sqlite3_progress_handler(connection.Handle, 1, _ => { steps++; return 0; }, null);
        statements.Scalar(newestSql, newest.Values);
        using (var reader = statements.Prepare(listSql, list.Values).ExecuteReader())
        {
            while (reader.Read())
            {
                rows++;
            }
        }

        raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
        Assert.True(rows > 0);
        return steps;
    }
}
