using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>Connections and servers that end in the middle of commits: what callers were told is what the database holds.</summary>
public sealed class LostAnswerTests(ITestOutputHelper log)
{
    private const int Rounds = 100;
    private const int Writers = 24;
    private const int Buckets = 12;

    // Ends those that are at a commit, most of them where it is about to be, or just has been, made durable.
    private const string Terminate =
        """
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE '%writers%' AND pid <> pg_backend_pid()
        """;

    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);

    [Fact]
    public async Task Backends_TerminatedInTheMiddleOfCommits_EveryCallerWasToldTheTruth()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        try
        {
            var told = await WriteAsync(database.Database, async progress =>
            {
                await using var source = NpgsqlDataSource.Create(database.Connection);
                await using var connection = await source.OpenConnectionAsync();
                for (var round = 0; round < Rounds;)
                {
                    await using var command = new NpgsqlCommand(Terminate, connection);
                    if ((long)(await command.ExecuteScalarAsync())! > 0)
                    {
                        round++;
                        await progress.Acknowledged.RisesAsync(1);
                    }
                }

                await progress.CancelAsync();
            });

            // The database was there all the time, so every fate could be found out.
            Assert.Empty(told.Unknown);
            Assert.Empty(told.NotWritten);
            var lost = (long)(await database.QueryAsync("SELECT count(*) FROM writers WHERE fenced"))!;
            log.WriteLine($"{Rounds} rounds, {lost} lost answers, {told.Written.Count} writes");
            Assert.True(lost >= Rounds / 5, $"Only {lost} answers were lost.");
            await CheckAsync(database.Database, told);
        }
        finally
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Server_KilledAndRestartedUnderLoad_LosesAndDoublesNothing()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var database = await PostgresDatabase.OpenAsync(
            new PostgresOptions { Connection = server.Connection }, TimeProvider.System, _ => { });
        const int kills = 5;

        var told = await WriteAsync(database, async progress =>
        {
            for (var kill = 0; kill < kills; kill++)
            {
                await progress.Acknowledged.RisesAsync(300);
                progress.ServerIsAway();
                await server.KillAsync();
                await server.RestartAsync();
                progress.ServerIsBack();
            }

            await progress.Acknowledged.RisesAsync(300);
            await progress.CancelAsync();
        });

        log.WriteLine($"{kills} kills: {told.Written.Count} written, {told.NotWritten.Count} told as not, {told.Unknown.Count} as unknown");
        await CheckAsync(database, told);
    }

    /// <summary>Given up by the statement's own time-out, or since its callers would have to be answered.</summary>
    [Theory]
    [InlineData(2, 60)]
    [InlineData(60, 4)]
    public async Task Commit_ThatNoSynchronousStandbyConfirms_IsNotToldAsDone(int statementSeconds, int answerSeconds)
    {
        await using var server = await OwnPostgres.StartAsync();
        var options = new PostgresOptions
        {
            Connection = server.Connection, CommandTimeout = TimeSpan.FromSeconds(statementSeconds), DecisionTimeout = TimeSpan.FromSeconds(1),
        };
        await using var database = await PostgresDatabase.OpenAsync(options, TimeProvider.System, _ => { });
        var buckets = new InProcessBuckets(
            new PostgresBucketStore(database), new BucketOptions { AnswerTime = TimeSpan.FromSeconds(answerSeconds) }, TimeProvider.System);
        Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, Bucket(0), new PutRecord(ObjectRef.Record("tasks", "before"), "{}"u8.ToArray())));
        await PostgresServer.ExecuteAsync(server.Connection, "ALTER SYSTEM SET synchronous_standby_names = 'absent'");
        await PostgresServer.ExecuteAsync(server.Connection, "SELECT pg_reload_conf()");
        await Eventually.HoldsAsync("waiting for the standby", async () => (string)(await PostgresServer.QueryAsync(server.Connection, "SHOW synchronous_standby_names"))! == "absent");

        var told = await ExecuteAsync(buckets, Bucket(0), new PutRecord(ObjectRef.Record("tasks", "during"), "{}"u8.ToArray()));

        Assert.Equal(Unavailable.FateUnknown, told);
        await PostgresServer.ExecuteAsync(server.Connection, "ALTER SYSTEM RESET synchronous_standby_names");
        await PostgresServer.ExecuteAsync(server.Connection, "SELECT pg_reload_conf()");
        await Eventually.HoldsAsync("writable again", async () =>
            await ExecuteAsync(buckets, Bucket(0), new PutRecord(ObjectRef.Record("tasks", "after"), "{}"u8.ToArray())) is RecordWritten);
    }

    [Fact]
    public async Task Counter_WhileBackendsAreTerminated_EndsAtTheNumberOfSuccesses()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        try
        {
            var buckets = new InProcessBuckets(new PostgresBucketStore(database.Database), new BucketOptions(), TimeProvider.System);
            var id = BucketId.DefaultBucket("alice");
            var counter = ObjectRef.Record("counters", "one");
            await ExecuteAsync(buckets, id, new PutRecord(counter, "0"u8.ToArray()));
            using var ended = new CancellationTokenSource();
            var successes = new Tally();
            var devices = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    if (await ExecuteAsync(buckets, id, new ReadRecord(counter)) is RecordFound { Record: var record })
                    {
                        var next = int.Parse(record.Body.Span) + 1;
                        var outcome = await ExecuteAsync(buckets, id, new PutRecord(counter, System.Text.Encoding.UTF8.GetBytes($"{next}"))
                        {
                            Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, record.Modified),
                        });
                        Assert.True(outcome is RecordWritten or PreconditionFailed, $"{outcome}");
                        if (outcome is RecordWritten)
                        {
                            successes.Add();
                        }
                    }
                }
            })).ToList();
            await using var source = NpgsqlDataSource.Create(database.Connection);
            await using var connection = await source.OpenConnectionAsync();
            for (var round = 0; round < 30;)
            {
                await using var command = new NpgsqlCommand(Terminate, connection);
                if ((long)(await command.ExecuteScalarAsync())! > 0)
                {
                    round++;
                    await await Task.WhenAny([successes.RisesAsync(1), .. devices]);
                }
            }

            await ended.CancelAsync();
            await Task.WhenAll(devices);

            Assert.Equal(successes.Count, int.Parse(Assert.IsType<RecordFound>(await ExecuteAsync(buckets, id, new ReadRecord(counter))).Record.Body.Span));
        }
        finally
        {
            await database.DisposeAsync();
        }
    }

    private static BucketId Bucket(int number) => BucketId.DefaultBucket($"user{number}");

    private static async Task<Outcome> ExecuteAsync(InProcessBuckets buckets, BucketId id, Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    /// <summary>Writes records with ids of their own, each once, while something else goes on.</summary>
    private static async Task<Told> WriteAsync(PostgresDatabase database, Func<Progress, Task> disturb)
    {
        var buckets = new InProcessBuckets(new PostgresBucketStore(database), new BucketOptions(), TimeProvider.System);
        var told = new Told();
        using var progress = new Progress();
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !progress.IsCancellationRequested; i++)
            {
                var key = $"{writer % Buckets}/w{writer}-{i}";
                var outcome = await ExecuteAsync(buckets, Bucket(writer % Buckets), new PutRecord(ObjectRef.Record("tasks", $"w{writer}-{i}"), "{}"u8.ToArray()));
                if (outcome is RecordWritten written)
                {
                    Assert.True(told.Written.TryAdd(key, written.Record.Modified.Milliseconds));
                    progress.Acknowledged.Add();
                }
                else if (outcome.Equals(Unavailable.FateUnknown))
                {
                    told.Unknown[key] = true;
                }
                else
                {
                    Assert.Equal(Unavailable.StoreFailed, outcome);
                    told.NotWritten[key] = true;
                    await progress.Back;
                }
            }
        })).ToList();
        await disturb(progress);
        await Task.WhenAll(writers);
        return told;
    }

    private static async Task CheckAsync(PostgresDatabase database, Told told)
    {
        // Fresh owners, so that the answers come from the database.
        var buckets = new InProcessBuckets(new PostgresBucketStore(database), new BucketOptions(), TimeProvider.System);
        var stored = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            var page = Assert.IsType<PageFound>(await ExecuteAsync(
                buckets, Bucket(bucket), new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 1_000_000 })));
            Assert.Equal(page.Records.Count, page.Records.Select(record => record.Modified).Distinct().Count());
            foreach (var record in page.Records)
            {
                stored[$"{bucket}/{record.Id}"] = record.Modified.Milliseconds;
            }
        }

        // A write that ran twice would carry another stamp than the one it was told.
        Assert.All(told.Written, written => Assert.True(
            stored.TryGetValue(written.Key, out var stamp) && stamp == written.Value, $"{written.Key} was told as {written.Value}, stored is {stamp}."));
        Assert.All(told.NotWritten.Keys, key => Assert.False(stored.ContainsKey(key), $"{key} was told as not written, and is stored."));
        Assert.All(stored.Keys, key => Assert.True(told.Written.ContainsKey(key) || told.Unknown.ContainsKey(key), $"{key} was told to nobody."));
    }

    private sealed class Told
    {
        public ConcurrentDictionary<string, long> Written { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, bool> NotWritten { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, bool> Unknown { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Progress : CancellationTokenSource
    {
        private volatile TaskCompletionSource back = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Progress() => back.SetResult();

        public Tally Acknowledged { get; } = new();

        /// <summary>Ends when the server is there. Who was told that something was not written has nothing to try before that.</summary>
        public Task Back => back.Task;

        public void ServerIsAway() => back = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void ServerIsBack() => back.SetResult();
    }
}
