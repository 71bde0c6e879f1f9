using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Schema;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>Which databases are taken together at start, and what is said of those that are not.</summary>
public sealed class ShardSetupTests : IAsyncLifetime
{
    private readonly List<string> databases = [];

    public async Task InitializeAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            databases.Add(await PostgresServer.CreateEmptyDatabaseAsync());
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var database in databases)
        {
            await PostgresServer.DropDatabaseAsync(database);
        }
    }

    [Fact]
    public async Task Cluster_StartedAgain_IsTheSame()
    {
        var secret = await StartAsync(0, 1, 2);
        var before = await MetaAsync();

        Assert.Equal(secret, await StartAsync(0, 1, 2));

        Assert.Equal(before, await MetaAsync());
        Assert.Contains("database=2", before, StringComparison.Ordinal);
        Assert.Contains("shards=0-341=0 342-682=1 683-1023=2", before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManyProcesses_StartingAtOnceOnFreshDatabases_Agree()
    {
        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(databases.Select(database => PostgresServer.ExecuteAsync(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")));

            var secrets = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => StartAsync(0, 1, 2))));

            Assert.Single(secrets.Distinct());
            Assert.Equal(3L, await PostgresServer.QueryAsync(databases[0], "SELECT count(*) FROM meta WHERE name IN ('cluster', 'shards', 'database')"));
        }
    }

    [Fact]
    public async Task Processes_StartingAtOnceWithDifferentNumbersOfDatabases_OnlyOneNumberIsTaken()
    {
        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(databases.Select(database => PostgresServer.ExecuteAsync(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")));

            var started = await Task.WhenAll(new int[][] { [0], [0, 1], [0, 1, 2], [0], [0, 1] }.Select(named => Task.Run(async () =>
            {
                try
                {
                    await StartAsync(named);
                    return named.Length;
                }
                catch (PostgresSetupException)
                {
                    return 0;
                }
            })));

            Assert.Single(started.Where(number => number > 0).Distinct());
        }
    }

    [Fact]
    public async Task Connections_ThatAreSwapped_AreRefused()
    {
        await StartAsync(0, 1, 2);

        Assert.Contains("Postgres:Shards:1 names database 2 of the cluster; database 1 belongs there", await RefusalAsync(0, 2, 1), StringComparison.Ordinal);
        Assert.Contains("Postgres:Connection names database 1 of its cluster", await RefusalAsync(1, 0, 2), StringComparison.Ordinal);
        Assert.Contains("Postgres:Shards:2 names database 1 of the cluster", await RefusalAsync(0, 1, 1), StringComparison.Ordinal);
        Assert.Contains("Postgres:Shards:1 names the home database", await RefusalAsync(0, 0, 2), StringComparison.Ordinal);
        Assert.NotNull(await StartAsync(0, 1, 2));
    }

    [Fact]
    public async Task HomeDatabase_NamedTwiceAtTheFirstStart_IsRefused_AndTheRightOneIsTakenThen()
    {
        Assert.Contains("Postgres:Shards:1 names the home database", await RefusalAsync(0, 0), StringComparison.Ordinal);
        Assert.NotNull(await StartAsync(0, 1));
    }

    [Fact]
    public async Task Connection_ThatIsMissing_IsNamedWithItsShards()
    {
        await StartAsync(0, 1, 2);

        Assert.Contains("3 databases, and 1 is named. Missing: Postgres:Shards:1 (virtual shards 342-682), Postgres:Shards:2 (", await RefusalAsync(0), StringComparison.Ordinal);
        Assert.Contains("2 are named. Missing: Postgres:Shards:1 (virtual shards 342-682).", await RefusalAsync(0, 2), StringComparison.Ordinal);
        Assert.Contains("Missing: Postgres:Shards:2 (virtual shards 683-1023).", await RefusalAsync(0, 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_BeyondTheNumberOfTheFirstStart_IsRefused()
    {
        await StartAsync(0, 1);

        Assert.Contains("made with 2 databases, and 3 are named", await RefusalAsync(0, 1, 2), StringComparison.Ordinal);
        Assert.Equal(0L, await PostgresServer.QueryAsync(databases[2], "SELECT count(*) FROM meta"));
    }

    [Fact]
    public async Task DatabaseThatStoodAlone_TakesNoOthers()
    {
        await StartAsync(0);

        Assert.Contains("made with one database", await RefusalAsync(0, 1), StringComparison.Ordinal);
        Assert.NotNull(await StartAsync(0));
    }

    [Fact]
    public async Task DatabaseOfAProgramWithoutShards_GoesOnAlone_AndTakesNoOthersOnceItHasBuckets()
    {
        // :: As that program leaves it: a cluster and a secret, no map.
        await WriteAsync(0);
        await PostgresServer.ExecuteAsync(databases[0], "DELETE FROM meta WHERE name IN ('shards', 'database')");

        Assert.Contains("Postgres:Connection holds buckets already", await RefusalAsync(0, 1), StringComparison.Ordinal);
        Assert.NotNull(await StartAsync(0));
    }

    [Fact]
    public async Task DatabaseOfAnotherCluster_IsRefused()
    {
        await StartAsync(1);
        var refusal = await RefusalAsync(0, 1);

        Assert.Contains("Postgres:Shards:1 names a database that belongs to another cluster", refusal, StringComparison.Ordinal);
        Assert.Contains((string)(await PostgresServer.QueryAsync(databases[1], "SELECT value FROM meta WHERE name = 'cluster'"))!, refusal, StringComparison.Ordinal);

        // All are looked at before anything is decided, so the number of databases is still open.
        Assert.Equal(0L, await PostgresServer.QueryAsync(databases[0], "SELECT count(*) FROM meta WHERE name = 'shards'"));

        await StartAsync(0, 2);
        Assert.Contains("belongs to another cluster", await RefusalAsync(0, 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewDatabase_WithBuckets_IsRefused()
    {
        await WriteAsync(1);
        await PostgresServer.ExecuteAsync(databases[1], "DELETE FROM meta");

        Assert.Contains("Postgres:Shards:1 names a database that holds buckets or accounts already", await RefusalAsync(0, 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmptyDatabase_InPlaceOfOneThatHadBuckets_IsRefused()
    {
        await StartAsync(0, 1);

        Assert.Contains("Postgres:Shards:1 names an empty database, but database 1 of the cluster was made before", await RefusalAsync(0, 2), StringComparison.Ordinal);
        Assert.Equal(0L, await PostgresServer.QueryAsync(databases[2], "SELECT count(*) FROM meta"));
    }

    [Fact]
    public async Task FirstStart_CutOffAtEachStep_IsGoneOnWith()
    {
        await StartAsync(0, 1, 2);
        foreach (var undone in new[]
        {
            "home: database",
            "home: database; 2: cluster, shards, database",
            "home: database; 2: cluster, shards, database; 1: cluster, shards, database",
            "home: database, shards; 2: cluster, shards, database; 1: cluster, shards, database",
        })
        {
            foreach (var part in undone.Split("; "))
            {
                var (number, names) = (part[0] == 'h' ? 0 : part[0] - '0', part[(part.IndexOf(':', StringComparison.Ordinal) + 2)..]);
                await PostgresServer.ExecuteAsync(databases[number], $"DELETE FROM meta WHERE name IN ('{names.Replace(", ", "', '", StringComparison.Ordinal)}')");
            }

            await StartAsync(0, 1, 2);
            Assert.Equal(3, (await MetaAsync()).Split("database=").Length - 1);
        }
    }

    [Fact]
    public async Task HomeDatabase_HasItsNumberOnlyWhenAllOthersHaveTheirs()
    {
        // :: A database that can be read, and not be written to.
        await using (var source = NpgsqlDataSource.Create(databases[1]))
        {
            await using var connection = await source.OpenConnectionAsync();
            await PostgresSchema.ApplyAsync(connection, PostgresSchema.Scripts, migrate: true, default);
        }

        var name = new NpgsqlConnectionStringBuilder(databases[1]).Database;
        await PostgresServer.ExecuteAsync(databases[0], $"ALTER DATABASE {name} SET default_transaction_read_only = on");

        Assert.Contains("Postgres:Shards:1 cannot be used", await RefusalAsync(0, 1), StringComparison.Ordinal);

        Assert.Equal(0L, await PostgresServer.QueryAsync(databases[0], "SELECT count(*) FROM meta WHERE name = 'database'"));
        await PostgresServer.ExecuteAsync(databases[0], $"ALTER DATABASE {name} RESET default_transaction_read_only");
        Assert.NotNull(await StartAsync(0, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Copy_IntoOneOfSeveralDatabases_IsRefused(int number)
    {
        await StartAsync(0, 1, 2);
        var before = await MetaAsync();

        var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresImport.BeginAsync(Options(number), "origin", new byte[32], default));

        Assert.Contains("one of several", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, await MetaAsync());
    }

    [Fact]
    public async Task MapsThatDiffer_AreRefused()
    {
        await StartAsync(0, 1);
        await PostgresServer.ExecuteAsync(databases[1], "UPDATE meta SET value = '0-510=0 511-1023=1' WHERE name = 'shards'");
        Assert.Contains("Postgres:Shards:1 has another map of shards", await RefusalAsync(0, 1), StringComparison.Ordinal);

        await PostgresServer.ExecuteAsync(databases[0], "UPDATE meta SET value = '0-511=0 512-1022=1' WHERE name = 'shards'");
        Assert.Contains("Shard 1023 is in no database", await RefusalAsync(0, 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MapThatIsNotEven_IsFollowed()
    {
        await StartAsync(0, 1);
        foreach (var database in databases.Take(2))
        {
            await PostgresServer.ExecuteAsync(database, "UPDATE meta SET value = '0=0 1-1023=1' WHERE name = 'shards'");
        }

        await WriteAsync(0, 1);

        Assert.Equal(1L, await PostgresServer.QueryAsync(databases[1], "SELECT count(*) FROM buckets"));
    }

    [Fact]
    public async Task Setting_ThatCannotBeUsed_IsNamedWithoutRepeatingIt()
    {
        var wrong = new NpgsqlConnectionStringBuilder(databases[1]) { Password = "s3cr3t" }.ConnectionString;
        foreach (var (options, named) in new[]
        {
            (TestShards.Options(databases[0], wrong), "Postgres:Shards:1 cannot be used: password authentication failed"),
            (TestShards.Options(databases[0], "Host=db;Pass=s3cr3t"), "Postgres:Shards:1 is no connection string"),
            (TestShards.Options(databases[0]) with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["2"] = "Password=s3cr3t" } }, "Postgres:Shards:1 is not set"),
            (TestShards.Options(databases[0]) with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["0"] = "Password=s3cr3t" } }, "Postgres:Shards:1 is not set"),
        })
        {
            var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresShards.OpenAsync(options, TimeProvider.System, _ => { }));
            Assert.Contains(named, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cr3t", e.Message, StringComparison.Ordinal);
        }

        await PostgresServer.ExecuteAsync(databases[0], $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(databases[1]).Database} SET synchronous_commit = off");
        Assert.Contains("Postgres:Shards:1: synchronous_commit is off", await RefusalAsync(0, 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_MakesAllDatabases_ForServersThatMayNot()
    {
        var options = TestShards.Options(databases) with { Migrate = false };
        var e = await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresShards.OpenAsync(options, TimeProvider.System, _ => { }));
        Assert.Contains("'migrate'", e.Message, StringComparison.Ordinal);

        await PostgresDatabase.MigrateAsync(options, default);

        await using var shards = await PostgresShards.OpenAsync(options, TimeProvider.System, _ => { });
    }

    private PostgresOptions Options(params int[] named) => TestShards.Options([.. named.Select(number => databases[number])]);

    /// <returns>The cluster's secret.</returns>
    private async Task<string> StartAsync(params int[] named)
    {
        await using var shards = await PostgresShards.OpenAsync(Options(named), TimeProvider.System, _ => { });
        return Convert.ToHexString(shards.Home.Secret.Span);
    }

    private async Task<string> RefusalAsync(params int[] named) =>
        (await Assert.ThrowsAsync<PostgresSetupException>(() => StartAsync(named))).Message;

    private async Task WriteAsync(params int[] named)
    {
        await using var shards = await PostgresShards.OpenAsync(Options(named), TimeProvider.System, _ => { });
        var heads = BucketHeads.Unwritten(BucketId.DefaultBucket("alice")) with { Version = 1, Clock = new(100) };
        Assert.Equal(CommitStatus.Done, (await shards.Buckets.CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [], [], [], []))).Status);
    }

    /// <returns>What all databases say of themselves, save the secret.</returns>
    private async Task<string> MetaAsync()
    {
        var all = await Task.WhenAll(databases.Select(database => PostgresServer.QueryAsync(
            database, "SELECT string_agg(name || '=' || value, ', ' ORDER BY name) FROM meta WHERE name <> 'secret'")));
        return string.Join("; ", all);
    }
}
