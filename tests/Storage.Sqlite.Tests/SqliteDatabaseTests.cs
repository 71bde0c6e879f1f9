using System.Security.Cryptography;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Reads;
using Lockstep.Storage.Sqlite.Schema;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public void Scripts_AreFrozen_OnceReleased()
    {
        // A released script never changes: databases out there have run it. Add a new one instead, and its line here.
        var frozen = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["0001_initial.sql"] = "53989de60b3381dc",
            ["0002_live_and_dead.sql"] = "abc62dacfbb2b560",
            ["0003_closed_accounts.sql"] = "4fbc36cc80b97eaf",
            ["0004_no_index_of_both.sql"] = "0c2d08d73722518d",
            ["0005_expiry.sql"] = "04d03a45d80d2ad4",
            ["0006_assignments.sql"] = "dae2e5894ef3c540",
            ["0007_own_buckets.sql"] = "75ba276a394bb6ef",
            ["0008_keyed_accounts.sql"] = "bfab517b84ece8e3",
            ["0009_grants.sql"] = "41760b8a2dfdbe29",
            ["0010_grant_stamps.sql"] = "6007511ed0337d2a",
            ["0011_token_families.sql"] = "61bb528010f2fe42",
            ["0012_account_logins.sql"] = "3827b090157ee777",
            ["0013_quotas.sql"] = "47d3e2dcfadfed2b",
            ["0014_field_index.sql"] = "809950dcb2538246",
            ["0015_attachments.sql"] = "f8d9f5e94205b61e",
            ["0016_sessions.sql"] = "909b3d99aa250f8e",
            ["0017_push.sql"] = "14e1f221894a8ac9",
            ["0018_disabled_and_invited.sql"] = "d3b6692ec9a1648d",
        };
        var assembly = typeof(SqliteDatabase).Assembly;
        var scripts = assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).ToDictionary(
            name => name[(name.IndexOf(".Scripts.", StringComparison.Ordinal) + ".Scripts.".Length)..],
            name => Convert.ToHexStringLower(SHA256.HashData(assembly.GetManifestResourceStream(name)!))[..16],
            StringComparer.Ordinal);

        Assert.Equal(frozen, scripts);
    }

    [Fact]
    public async Task Writer_SyncsTheLogWithEachCommit()
    {
        // 2 is FULL. Less would lose acknowledged writes with the machine, and no test that only kills the process sees it.
        Assert.Equal(2L, await database.Database.WriteAsync(static statements => (long)statements.Scalar("PRAGMA synchronous")!));
        Assert.Equal("wal", await database.Database.WriteAsync(static statements => (string)statements.Scalar("PRAGMA journal_mode")!));
    }

    [Fact]
    public async Task Reopened_EverythingIsThere_AndTheSecretIsTheSame()
    {
        var id = BucketId.DefaultBucket("alice");
        var secret = database.Database.Secret.ToArray();
        var written = await WriteAsync(id, "a");

        database.Reopen();

        Assert.Equal(secret, database.Database.Secret.ToArray());
        Assert.Equal(written, (await new SqliteBucketStore(database.Database).LoadAsync(id, claim: false, default))!.Clock);
        Assert.True(await WriteAsync(id, "b") > written);
    }

    [Fact]
    public void Schema_NewerThanTheProgram_IsRefusedWithWhatToDo()
    {
        database.Database.Dispose();
        Execute("INSERT INTO schema_version (version) VALUES (9999)");

        var e = Assert.Throws<SqliteSchemaException>(() => SqliteDatabase.Open(database.Options));

        Assert.Contains("9999", e.Message, StringComparison.Ordinal);
        Assert.Contains("newer program", e.Message, StringComparison.Ordinal);
    }

    /// <summary>What a program of before writes goes through the same triggers, for its statements are the same.</summary>
    [Fact]
    public async Task Upgrade_OfBuckets_KnowsTheStampOfEach_AndOfThoseThatAreWrittenWithoutIt()
    {
        // :: A file as the scripts before left it
        var path = database.Options.Path + "-former";
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            SqliteSchema.Execute(connection, "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)");
            SqliteSchema.Execute(connection, "CREATE TABLE schema_additions (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)");
            foreach (var (number, _, sql, oldest) in SqliteSchema.Scripts.Where(static script => script.Number < 7))
            {
                SqliteSchema.Execute(connection, sql);
                SqliteSchema.Execute(connection, $"INSERT INTO {(oldest < number ? "schema_additions" : "schema_version")} (version) VALUES ({number})");
            }

            SqliteSchema.Execute(connection,
                """
                INSERT INTO buckets (bucket, id, kind, version, nonce, clock, live, base, next_key, author) VALUES
                    (1, 'b:live', 1, 5, x'', 500, 1, 0, 4, 'account:alice'), (2, 'b:gone', 1, 5, x'', 500, 0, 200, 4, 'account:alice'),
                    (3, 'b:again', 1, 5, x'', 500, 1, 250, 4, 'account:alice');
                INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon) VALUES
                    (1, 1, '', 1, 100, 100, 1, 2, 0), (1, 0, 'tasks', 3, 500, 500, 2, 14, 0), (3, 1, '', 1, 300, 300, 1, 2, 0);
                """);
        }

        using var opened = SqliteDatabase.Open(new SqliteOptions { Path = path });
        var index = new SqliteBucketIndex(opened);
        Assert.Equal("again@300 gone@200 live@100", await ListAsync());

        foreach (var sql in new[]
        {
            "UPDATE lists SET rows_modified = 600 WHERE bucket = 1 AND role = 1",
            "UPDATE lists SET rows_modified = 700 WHERE bucket = 1 AND role = 0",
            "DELETE FROM lists WHERE bucket = 3",
            "UPDATE buckets SET live = 0, base = 650, version = 6 WHERE bucket = 3",
            "INSERT INTO buckets (bucket, id, kind, version, nonce, clock, live, base, next_key, author) VALUES (9, 'b:copied', 1, 1, x'', 1, 0, 640, 1, 'account:alice')",
            "UPDATE buckets SET live = 1, version = 6 WHERE bucket = 2",
            "INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon) VALUES (2, 1, '', 5, 620, 620, 1, 2, 0)",
        })
        {
            await opened.WriteAsync(statements => statements.Execute(sql));
        }

        Assert.Equal("again@650 copied@640 gone@620 live@600", await ListAsync());

        async Task<string> ListAsync() => string.Join(' ', (await index.ListByAuthorAsync(
            new BucketScan("account:alice", new ListQuery { Limit = 10, Since = ServerTimestamp.Zero }, 10), default)).Entries.Select(static entry => $"{entry.Id.Name}@{entry.Modified}"));
    }

    [Fact]
    public async Task Opened_ByManyAtOnce_TheSchemaIsMadeOnce()
    {
        var path = database.Options.Path + "-new";
        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => SqliteDatabase.Open(new SqliteOptions { Path = path }))));

        Assert.Single(opened.Select(one => Convert.ToHexString(one.Secret.Span)).Distinct());
        Array.ForEach(opened, one => one.Dispose());
    }

    [Fact]
    public async Task Full_WritesAreNotExecuted_ReadsGoOn_AndRoomMakesItWorkAgain()
    {
        using var small = new TemporaryDatabase(maxBytes: 400_000);
        var id = BucketId.DefaultBucket("alice");
        var store = new SqliteBucketStore(small.Database);
        var buckets = new InProcessBuckets(store, new BucketOptions(), TimeProvider.System);
        var caller = new Caller(new("account:alice"), BucketAccess.Own);
        async Task<Outcome> PutAsync(string record) => (await buckets.Get(id).ExecuteAsync(
            new BucketRequest(caller, [new PutRecord(ObjectRef.Record("tasks", record), new byte[50_000])]), default)).Outcomes[0];

        var written = 0;
        while (written < 20 && await PutAsync($"r{written}") is RecordWritten)
        {
            written++;
        }

        Assert.InRange(written, 1, 19);
        Assert.Equal(Unavailable.StoreFailed, await PutAsync("more"));
        Assert.False(await FillsAsync(store));
        var heads = (await store.LoadAsync(id, claim: false, default))!;
        Assert.Equal(written, heads[ListRef.RecordsOf("tasks")].Count);
        small.Database.Dispose();

        using var roomy = SqliteDatabase.Open(small.Options with { MaxBytes = 0 });
        var again = new InProcessBuckets(new SqliteBucketStore(roomy), new BucketOptions(), TimeProvider.System);
        Assert.IsType<RecordWritten>((await again.Get(id).ExecuteAsync(
            new BucketRequest(caller, [new PutRecord(ObjectRef.Record("tasks", "more"), new byte[50_000])]), default)).Outcomes[0]);

        static async Task<bool> FillsAsync(SqliteBucketStore store) => (await store.CommitAsync(new BucketCommit(
            BucketHeads.Unwritten(BucketId.Named("other")) with { Version = 1, Clock = new ServerTimestamp(1) }, Guid.NewGuid(), [], [], [],
            [KeyValuePair.Create(1, new StoredRecord { Id = "x", Modified = new ServerTimestamp(1), Body = new byte[100_000] })]))).Status == CommitStatus.Done;
    }

    [Fact]
    public async Task Decide_AfterALostCommit_SaysWhatHappened()
    {
        var store = new SqliteBucketStore(database.Database);
        var first = Commit(BucketHeads.Unwritten(BucketId.Named("b")) with { Version = 1, Clock = new ServerTimestamp(100) });
        Assert.Equal(CommitOutcome.NotExecuted, await store.DecideAsync(first));
        var row = (await store.CommitAsync(first)).Row;
        var done = Commit(first.Heads with { Row = row, Version = 2, Clock = new ServerTimestamp(200) });
        var other = done with { Nonce = Guid.NewGuid() };

        Assert.Equal(CommitOutcome.NotExecuted, await store.DecideAsync(done));
        await store.CommitAsync(done);
        Assert.Equal(new CommitOutcome(CommitStatus.Done, row), await store.DecideAsync(done));
        Assert.Equal(CommitOutcome.Stale, await store.DecideAsync(other));

        static BucketCommit Commit(BucketHeads heads) => new(heads, Guid.NewGuid(), [], [], [], []);
    }

    [Fact]
    public async Task PoisonRow_FailsAlone_AndTheOthersOfItsTransactionAreStored()
    {
        Execute("CREATE TRIGGER poison BEFORE INSERT ON records WHEN new.id = 'poison' BEGIN SELECT raise(ABORT, 'poison'); END");
        var buckets = new InProcessBuckets(new SqliteBucketStore(database.Database), new BucketOptions(), TimeProvider.System);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
            (await buckets.Get(BucketId.Named($"b{i}")).ExecuteAsync(
                new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [new PutRecord(ObjectRef.Record("tasks", i == 7 ? "poison" : "fine"), "{}"u8.ToArray())]),
                default)).Outcomes[0])));

        Assert.Equal(Unavailable.StoreFailed, outcomes[7]);
        Assert.All(outcomes.Where((_, i) => i != 7), outcome => Assert.IsType<RecordWritten>(outcome));
    }

    private async Task<ServerTimestamp> WriteAsync(BucketId id, string record)
    {
        var buckets = new InProcessBuckets(new SqliteBucketStore(database.Database), new BucketOptions(), TimeProvider.System);
        var response = await buckets.Get(id).ExecuteAsync(
            new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray())]), default);
        return Assert.IsType<RecordWritten>(response.Outcomes[0]).Record.Modified;
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={database.Options.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
