using System.Security.Cryptography;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Reads;
using Lockstep.Storage.PostgreSql.Schema;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>The schema over the versions of the program.</summary>
public sealed class SchemaTests : IAsyncLifetime
{
    private string connection = "";

    private PostgresOptions Options => new() { Connection = connection };

    public async Task InitializeAsync() => connection = await PostgresServer.CreateEmptyDatabaseAsync();

    public Task DisposeAsync() => PostgresServer.DropDatabaseAsync(connection);

    [Fact]
    public void Scripts_AreFrozen_OnceReleased()
    {
        // A released script never changes: databases out there have run it. Add a new one instead, and its line here.
        var frozen = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["0001_initial.sql"] = "c5e8835b6c21c095",
            ["0002_processes.sql"] = "54864c14a62fac58",
            ["0003_cluster.sql"] = "0b56ae8c0a7bb941",
            ["0004_live_and_dead.sql"] = "0c8b16019f77d0e6",
            ["0005_closed_accounts.sql"] = "938467040aff5871",
            ["0006_no_index_of_both.sql"] = "542f712690c67b48",
            ["0007_expiry.sql"] = "2bd584d989a3b228",
            ["0008_assignments.sql"] = "d8c8f65f30b10538",
            ["0009_own_buckets.sql"] = "2d72c1d941f2277c",
            ["0010_keyed_accounts.sql"] = "5984288818b2f856",
            ["0011_grants.sql"] = "bd93f7c3e061834e",
            ["0012_grant_stamps.sql"] = "2a2d7d1f2504a78f",
            ["0013_token_families.sql"] = "522d696f52652b10",
            ["0014_account_logins.sql"] = "3745cefa32284003",
            ["0015_quotas.sql"] = "58162186ab43fb4a",
            ["0016_field_index.sql"] = "f3961abf31708227",
            ["0017_attachments.sql"] = "a53d026257186ae3",
            ["0018_sessions.sql"] = "76b048d7f38b10fd",
            ["0019_push.sql"] = "2ae83c5ea0fd3b78",
            ["0020_disabled_and_invited.sql"] = "5f2cc53b54f9958d",
        };

        Assert.Equal(frozen, PostgresSchema.Scripts.ToDictionary(
            script => script.Name,
            script => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(script.Sql)))[..16],
            StringComparer.Ordinal));
    }

    [Fact]
    public async Task Migration_ByFourProcessesAtOnce_HappensOnce()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { }))));

        Assert.Single(databases.Select(database => Convert.ToHexString(database.Secret.Span)).Distinct());
        Assert.Equal(4L, await QueryAsync("SELECT count(*) FROM processes"));
        Assert.Equal((long)PostgresSchema.Scripts.Count, await QueryAsync("SELECT count(*) FROM schema_version"));
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Start_OfManyProcessesAtOnceOnAFreshDatabase_AllAgree()
    {
        for (var round = 0; round < 10; round++)
        {
            await PostgresServer.ExecuteAsync(connection, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
            var databases = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { }))));
            Assert.Single(databases.Select(database => Convert.ToHexString(database.Secret.Span)).Distinct());
            await Task.WhenAll(databases.Select(database => database.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Migration_OfThePreviousSchemaWithData_KeepsEveryAnswer()
    {
        // :: A database as the program before left it: a default bucket with two records and a tombstone.
        await ApplyAsync(PostgresSchema.Scripts.Where(script => script.Number < PostgresSchema.Scripts[^1].Number));
        await PostgresServer.ExecuteAsync(connection,
            """
            INSERT INTO meta VALUES ('cluster', '6a7c1b9e-0000-0000-0000-000000000000'), ('secret', repeat('ab', 32));
            INSERT INTO buckets (bucket, id, kind, live, next_key, version, clock, base, author)
                VALUES (7, 'u:alice', 1, true, 4, 5, 1700000000500, 0, 'account:alice');
            INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon) VALUES
                (7, 1, '', 1, 1700000000100, 1700000000100, 1, 2, 0),
                (7, 2, '', 2, 1700000000200, 1700000000200, 1, 2, 0),
                (7, 0, 'tasks', 3, 1700000000500, 1700000000500, 2, 14, 0);
            INSERT INTO records (bucket, list, id, modified, deleted, body, author) VALUES
                (7, 1, 'bucket', 1700000000100, false, '{}', 'account:alice'),
                (7, 2, 'tasks', 1700000000200, false, '{}', 'account:alice'),
                (7, 3, 'a', 1700000000300, false, '{"n":1}', 'account:alice'),
                (7, 3, 'b', 1700000000400, false, '{"n":2}', 'account:alice'),
                (7, 3, 'c', 1700000000500, true, '', 'account:alice');
            INSERT INTO accounts (number, name, password, modified) VALUES (3, 'alice', 'hash', 1700000000000);
            SELECT setval(pg_get_serial_sequence('accounts', 'number'), 3);
            """);

        await using var database = await PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { });
        var buckets = new InProcessBuckets(new PostgresBucketStore(database), new BucketOptions(), TimeProvider.System);
        var tasks = ListRef.RecordsOf("tasks");

        var page = Assert.IsType<PageFound>(await ExecuteAsync(new ListRecords(tasks, new ListQuery { Limit = 10 })));
        Assert.Equal(["b:1700000000400", "a:1700000000300"], page.Records.Select(record => $"{record.Id}:{record.Modified}"));
        Assert.Equal(new ServerTimestamp(1_700_000_000_500), page.ListStamp);
        var changes = Assert.IsType<PageFound>(await ExecuteAsync(new ListRecords(tasks, new ListQuery { Limit = 10, Since = new(1_700_000_000_400) })));
        Assert.True(Assert.Single(changes.Records).IsTombstone);
        var again = Assert.IsType<PageFound>(await ExecuteAsync(new ListRecords(tasks, new ListQuery { Limit = 10, Since = new(1_700_000_000_500) })));
        Assert.Equal((0, page.ListStamp), (again.Records.Count, again.ListStamp));
        Assert.Equal("hash", (await new PostgresAccountStore(database).FindAsync("alice", default))!.PasswordHash);
        Assert.Equal(Enumerable.Repeat((byte)0xab, 32), database.Secret.ToArray());
        var written = Assert.IsType<RecordWritten>(await ExecuteAsync(new PutRecord(ObjectRef.Record("tasks", "a"), """{"n":3}"""u8.ToArray())));
        Assert.True(written.Record.Modified > page.ListStamp);
        Assert.False(written.Created);
        Assert.Equal(4, (await new PostgresAccountStore(database).AddAsync("bob", "hash", new(1), default))!.Number);
        Assert.Equal(5, (await new PostgresAssignmentStore(database).GiveAsync(new("issuer", "carol"), expected: null, new(1, "aa", 1), node: 0, quotaBytes: null, new(1), default))!.Number);

        async Task<Outcome> ExecuteAsync(Operation operation) => (await buckets.Get(BucketId.DefaultBucket("alice"))
            .ExecuteAsync(new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [operation]), default)).Outcomes[0];
    }

    /// <summary>What a program of before writes goes through the same triggers, for its statement is the same.</summary>
    [Fact]
    public async Task Migration_OfBuckets_KnowsTheStampOfEach_AndOfThoseThatAreWrittenWithoutIt()
    {
        await ApplyAsync(PostgresSchema.Scripts.Where(static script => script.Number < 9));
        await PostgresServer.ExecuteAsync(connection,
            """
            INSERT INTO meta VALUES ('cluster', '6a7c1b9e-0000-0000-0000-000000000000'), ('secret', repeat('ab', 32));
            INSERT INTO buckets (bucket, id, kind, live, next_key, version, clock, base, author) VALUES
                (1, 'b:live', 1, true, 4, 5, 500, 0, 'account:alice'), (2, 'b:gone', 1, false, 4, 5, 500, 200, 'account:alice'),
                (3, 'b:again', 1, true, 4, 5, 500, 250, 'account:alice'), (4, 'b:named', 1, false, 1, 0, 0, 0, NULL);
            INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon) VALUES
                (1, 1, '', 1, 100, 100, 1, 2, 0), (1, 0, 'tasks', 3, 500, 500, 2, 14, 0), (3, 1, '', 1, 300, 300, 1, 2, 0);
            """);

        // What can be done beforehand on a large database is left as it is.
        var script = PostgresSchema.Scripts.Single(static script => script.Number == 9);
        await PostgresServer.ExecuteAsync(connection, script.Sql);
        await using var database = await PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { });
        var index = new PostgresBucketIndex(() => database);
        Assert.Equal("again@300 gone@200 live@100", await ListAsync());

        await PostgresServer.ExecuteAsync(connection, "UPDATE lists SET rows_modified = 600 WHERE bucket = 1 AND role = 1; UPDATE lists SET rows_modified = 700 WHERE bucket = 1 AND role = 0");
        await PostgresServer.ExecuteAsync(connection, "DELETE FROM lists WHERE bucket = 3; UPDATE buckets SET live = false, base = 650, version = 6 WHERE bucket = 3");
        await PostgresServer.ExecuteAsync(connection, "INSERT INTO buckets (bucket, id, kind, live, base, author) VALUES (9, 'b:copied', 1, false, 640, 'account:alice')");
        await PostgresServer.ExecuteAsync(connection,
            "UPDATE buckets SET live = true, version = 6 WHERE bucket = 2; INSERT INTO lists (bucket, role, name, list, rows_modified, touched, count, bytes, horizon) VALUES (2, 1, '', 5, 620, 620, 1, 2, 0)");

        Assert.Equal("again@650 copied@640 gone@620 live@600", await ListAsync());

        async Task<string> ListAsync() => string.Join(' ', (await index.ListByAuthorAsync(
            new BucketScan("account:alice", new ListQuery { Limit = 10, Since = ServerTimestamp.Zero }, 10), default)).Entries.Select(static entry => $"{entry.Id.Name}@{entry.Modified}"));
    }

    [Fact]
    public async Task Schema_OfANewerProgram_IsRefusedWithWhatToDo()
    {
        await ApplyAsync([.. PostgresSchema.Scripts, new SchemaScript(9999, "9999_x.sql", "SELECT 1", OldestProgram: 9999)]);

        var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { }));

        Assert.Contains("9999", e.Message, StringComparison.Ordinal);
        Assert.Contains("newer program", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_OfANewerProgramThatOlderOnesStillWorkOn_IsTaken()
    {
        await ApplyAsync([.. PostgresSchema.Scripts, new SchemaScript(9999, "9999_x.sql", "ALTER TABLE records ADD COLUMN later int", PostgresSchema.Scripts[^1].Number)]);

        await using var database = await PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { });

        var heads = BucketHeads.Unwritten(BucketId.Named("b")) with { Version = 1, Clock = new(100) };
        Assert.Equal(CommitStatus.Done, (await new PostgresBucketStore(database).CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [], [], [], []))).Status);
    }

    [Fact]
    public async Task Migration_ThatFails_LeavesTheSchemaAsItWas()
    {
        await Assert.ThrowsAsync<PostgresException>(() => ApplyAsync([PostgresSchema.Scripts[0], new SchemaScript(2, "0002_x.sql", "CREATE TABLE x (); SELECT 1/0", 2)]));

        Assert.Equal(false, await QueryAsync("SELECT to_regclass('x') IS NOT NULL OR to_regclass('meta') IS NOT NULL"));
    }

    [Fact]
    public async Task Migration_ThatIsNotWanted_IsRefusedWithWhatToDo_AndTheCommandMakesIt()
    {
        var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresDatabase.OpenAsync(Options with { Migrate = false }, TimeProvider.System, _ => { }));
        Assert.Contains("'migrate'", e.Message, StringComparison.Ordinal);

        Assert.Equal(PostgresSchema.Scripts[^1].Number, await PostgresDatabase.MigrateAsync(Options with { Migrate = false }, default));

        await using var database = await PostgresDatabase.OpenAsync(Options with { Migrate = false }, TimeProvider.System, _ => { });
    }

    [Fact]
    public async Task Migrate_OfADatabaseThatALaterProgramHasMigrated_TellsItsVersion()
    {
        await ApplyAsync([.. PostgresSchema.Scripts, new SchemaScript(9999, "9999_x.sql", "ALTER TABLE records ADD COLUMN later int", PostgresSchema.Scripts[^1].Number)]);

        Assert.Equal(9999, await PostgresDatabase.MigrateAsync(Options, default));
    }

    [Fact]
    public async Task Migration_ThatTakesLongerThanAStatementMay_IsMade()
    {
        await ApplyAsync(PostgresSchema.Scripts);
        var impatient = Options with { CommandTimeout = TimeSpan.FromSeconds(1), LockTimeout = TimeSpan.FromMilliseconds(1) };
        await using var source = PostgresConnections.CreateSource(impatient);
        await using var opened = await source.OpenConnectionAsync();

        var version = await PostgresSchema.ApplyAsync(
            opened, [.. PostgresSchema.Scripts, new SchemaScript(9999, "9999_x.sql", "SELECT pg_sleep(1.5)", PostgresSchema.Scripts[^1].Number)], migrate: true, default);

        Assert.Equal(9999, version);
    }

    [Fact]
    public async Task RoleThatMayOnlyReadAndWriteRows_RunsTheServer()
    {
        var role = $"runtime_{Guid.NewGuid():N}";
        await PostgresDatabase.MigrateAsync(Options, default);
        await PostgresServer.ExecuteAsync(connection,
            $"CREATE ROLE {role} LOGIN PASSWORD 'runtime'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}");
        try
        {
            var limited = new NpgsqlConnectionStringBuilder(connection) { Username = role, Password = "runtime" }.ConnectionString;
            await using (var database = await PostgresDatabase.OpenAsync(Options with { Connection = limited, Migrate = false }, TimeProvider.System, _ => { }))
            {
                var heads = BucketHeads.Unwritten(BucketId.Named("b")) with { Version = 1, Clock = new(100) };
                var store = new PostgresBucketStore(database);
                Assert.Equal(CommitStatus.Done, (await store.CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [], [], [1], []))).Status);
                while (await new PostgresMaintenance(() => database).PurgeAsync(10, default))
                {
                }

                Assert.NotNull(await new PostgresAccountStore(database).AddAsync("alice", "hash", new(1), default));
                Assert.Equal(2, (await new PostgresAssignmentStore(database).GiveAsync(new("issuer", "bob"), expected: null, new(1, "aa", 1), node: 0, quotaBytes: null, new(1), default))!.Number);
                Assert.Equal(1, (await new PostgresAssignmentStore(database).PutNodeAsync("https://node.example.org", 10, isDown: false, isDraining: false, default)).Number);
            }
        }
        finally
        {
            await PostgresServer.ExecuteAsync(connection, $"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Theory]
    [InlineData("synchronous_commit = off", "synchronous_commit")]
    [InlineData("default_transaction_isolation = 'repeatable read'", "isolation")]
    public async Task Server_ThatWouldBreakAPromise_IsRefused(string setting, string named)
    {
        var database = new NpgsqlConnectionStringBuilder(connection).Database;
        await PostgresServer.ExecuteAsync(connection, $"ALTER DATABASE {database} SET {setting}");

        var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresDatabase.OpenAsync(Options, TimeProvider.System, _ => { }));

        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    private async Task ApplyAsync(IEnumerable<SchemaScript> scripts)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var opened = await source.OpenConnectionAsync();
        await PostgresSchema.ApplyAsync(opened, [.. scripts], migrate: true, default);
    }

    private Task<object?> QueryAsync(string sql) => PostgresServer.QueryAsync(connection, sql);
}
