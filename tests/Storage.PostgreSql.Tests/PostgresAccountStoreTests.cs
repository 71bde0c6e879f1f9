using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAccountStoreTests(TestDatabase database) : AccountStoreContract, IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);

    protected override IBucketStore Buckets => new PostgresBucketStore(database.Database);

    [Fact]
    public async Task Close_WhileACommitIsUnderWay_WaitsForIt()
    {
        var number = (await Accounts.AddAsync($"u{Guid.NewGuid():N}", "hash", new(5), default))!.Number;
        var heads = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Exists = true };
        var row = (await Buckets.CommitAsync(Of(heads))).Row;

        // Somebody inserts the same row of lists, and the commit waits for that in the middle.
        await using var connection = new NpgsqlConnection(database.Connection);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, $"INSERT INTO lists VALUES ({row}, 0, 0, 0, 0, 0, NULL, 1, 2, '')");
        var list = new ListHead { List = ListRef.Collections, Key = 1, RowsModified = new(200), Touched = new(200) };
        var next = heads with { Row = row, Version = 2, Clock = new(200), Lists = heads.Lists.Add(list.List, list) };
        var committing = Buckets.CommitAsync(Of(next) with { Lists = [list], Accounts = [number] }).AsTask();
        await WaitingAsync(1);
        var closing = Accounts.CloseAsync(number, default).AsTask();
        await WaitingAsync(2);
        Assert.False(committing.IsCompleted || closing.IsCompleted);
        await transaction.RollbackAsync();

        Assert.Equal(CommitStatus.Done, (await committing.WaitAsync(Patience)).Status);
        await closing.WaitAsync(Patience);
        Assert.Equal(CommitStatus.Closed, (await Buckets.CommitAsync(Of(next with { Version = 3, Clock = new(300) }) with { Accounts = [number] })).Status);
    }

    [Fact]
    public async Task Commit_ThatBeganBeforeTheMark_AndComesToItsWriterAfterTheFence_IsRefused()
    {
        var number = (await Accounts.AddAsync($"u{Guid.NewGuid():N}", "hash", new(5), default))!.Number;
        var heads = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Exists = true };
        var row = (await Buckets.CommitAsync(Of(heads))).Row;

        // The fence as another process makes it, held up between its two ends; the statement's snapshot is from before the mark.
        await using var connection = new NpgsqlConnection(database.Connection);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, "UPDATE writers SET fenced = true");
        var committing = Buckets.CommitAsync(Of(heads with { Row = row, Version = 2, Clock = new(200) }) with { Accounts = [number] }).AsTask();
        await WaitingAsync(1);
        await database.ExecuteAsync($"INSERT INTO closed_accounts VALUES ({number})");
        await transaction.CommitAsync();

        Assert.Equal(CommitStatus.Closed, (await committing.WaitAsync(Patience)).Status);
        Assert.Equal(1, (await Buckets.LoadAsync(heads.Id, claim: false, default))!.Version);
    }

    [Fact]
    public async Task Commits_FencedAgainAndAgain_AreDone()
    {
        var heads = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Exists = true };
        using var stop = new CancellationTokenSource();
        var fencing = Task.Run(async () =>
        {
            for (long number = 1_000_000; !stop.IsCancellationRequested; number++)
            {
                await Accounts.CloseAsync(number, default);
            }
        });
        for (var version = 1; version <= 200; version++)
        {
            heads = heads with { Version = version, Clock = new(version) };
            var outcome = await Buckets.CommitAsync(Of(heads) with { Accounts = [1] });
            Assert.Equal(CommitStatus.Done, outcome.Status);
            heads = heads with { Row = outcome.Row };
        }

        await stop.CancelAsync();
        await fencing;
    }

    [Fact]
    public async Task Add_WhileAFormerProgramSweepsTheName_Waits()
    {
        var name = $"u{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(database.Connection);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({0x6E616D65}, hashtext('{name}'))");
        var adding = Accounts.AddAsync(name, "hash", new(5), default).AsTask();
        await WaitingAsync(1);
        Assert.NotNull(await Accounts.AddAsync($"{name}x", "hash", new(5), default));
        Assert.False(adding.IsCompleted);
        await transaction.CommitAsync();

        Assert.NotNull(await adding.WaitAsync(Patience));
    }

    [Fact]
    public async Task BucketMadeAnewByAFormerProgram_HasNoNumber()
    {
        var id = BucketId.Named(Guid.NewGuid().ToString("N"));
        await Buckets.CommitAsync(Of(BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100), Exists = true, Author = "account:alice", AuthorNumber = 7 }));

        // What it writes when it deletes the bucket, and when somebody makes it again.
        await database.ExecuteAsync($"UPDATE buckets SET version = 2, clock = 200, live = false, base = 200 WHERE id = '{id.Value}'");
        await database.ExecuteAsync($"UPDATE buckets SET version = 3, clock = 300, live = true, author = 'account:bob' WHERE id = '{id.Value}'");

        var heads = (await Buckets.LoadAsync(id, claim: false, default))!;
        Assert.Equal(("account:bob", null), (heads.Author, heads.AuthorNumber));
    }

    private static BucketCommit Of(BucketHeads heads) => new(heads, Guid.NewGuid(), [], [], [], []);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Ends when so many statements wait for a lock.</summary>
    private Task WaitingAsync(long count) => Eventually.HoldsAsync($"{count} wait", async () => count == (long)(await database.QueryAsync(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))!);
}
