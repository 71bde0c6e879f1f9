using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>Who answers from memory.</summary>
public sealed class LeaseTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Commit_ByAnotherProcess_IsToldToTheOneThatHeldTheBucket()
    {
        var (first, second) = (new PostgresBucketStore(await database.OpenAsync()), new PostgresBucketStore(await database.OpenAsync()));
        var id = BucketId.Named(Guid.NewGuid().ToString("N"));
        var told = new TaskCompletionSource<BucketId>(TaskCreationOptions.RunContinuationsAsynchronously);
        first.OnTakenOver(taken => told.TrySetResult(taken));
        var heads = BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100) };
        var outcome = await first.CommitAsync(Commit(heads));
        Assert.True(first.IsCurrent(heads with { Lease = outcome.Lease }));

        await second.CommitAsync(Commit(heads with { Row = outcome.Row, Version = 2, Clock = new(200) }));

        Assert.Equal(id, await told.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(first.IsCurrent((await first.LoadAsync(id, claim: false, default))!));
        Assert.True(second.IsCurrent((await second.LoadAsync(id, claim: false, default))!));
    }

    [Fact]
    public async Task Claim_MakesHeadsCount_AndTellsWhoHeldThemBefore()
    {
        var (first, second) = (new PostgresBucketStore(await database.OpenAsync()), new PostgresBucketStore(await database.OpenAsync()));
        var id = BucketId.Named(Guid.NewGuid().ToString("N"));
        var told = new TaskCompletionSource<BucketId>(TaskCreationOptions.RunContinuationsAsynchronously);
        first.OnTakenOver(taken => told.TrySetResult(taken));
        await first.CommitAsync(Commit(BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100) }));
        Assert.False(second.IsCurrent((await second.LoadAsync(id, claim: false, default))!));

        Assert.True(second.IsCurrent((await second.LoadAsync(id, claim: true, default))!));

        Assert.Equal(id, await told.Task.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Renewal_WhoseAnswerIsLost_EndsWhatWasHeld_AndTheRowItWasMadeFor()
    {
        var process = await database.OpenAsync();
        var store = new PostgresBucketStore(process);
        var id = BucketId.Named(Guid.NewGuid().ToString("N"));
        var heads = BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100) };
        heads = heads with { Lease = (await store.CommitAsync(Commit(heads))).Lease };
        var before = process.Lease.Current.Process;
        await UntilAsync(async () =>
        {
            // The lease's connection shows its statement only once it has renewed, so it may take more than one try.
            await database.QueryAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%UPDATE processes SET renewed%' AND pid <> pg_backend_pid()");
            return process.Lease.Current.Process is var now && now != 0 && now != before;
        });

        // A late renewal for the old row takes only the old row's notices.
        Assert.False(store.IsCurrent(heads));
        Assert.False(store.IsCurrent((await store.LoadAsync(id, claim: false, default))!));
        Assert.True(store.IsCurrent((await store.LoadAsync(id, claim: true, default))!));
    }

    [Fact]
    public async Task ListenerOfFaults_ThatFails_HoldsUpNobody()
    {
        await database.ExecuteAsync("ALTER TABLE records ADD CONSTRAINT poison4 CHECK (id <> 'poison4') NOT VALID");
        await using var process = await PostgresDatabase.OpenAsync(database.Options, TimeProvider.System, _ => throw new InvalidOperationException("No."));
        var store = new PostgresBucketStore(process);
        var poison = new Core.Records.StoredRecord { Id = "poison4", Modified = new(100), Body = "{}"u8.ToArray() };

        var refused = await store.CommitAsync(NewBucket() with { Records = [KeyValuePair.Create(1, poison)] });

        Assert.Equal(CommitStatus.Refused, refused.Status);
        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket()).AsTask().WaitAsync(TimeSpan.FromSeconds(10))).Status);
    }

    private static BucketCommit NewBucket() =>
        Commit(BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new ServerTimestamp(100) });

    private static BucketCommit Commit(BucketHeads heads) => new(heads, Guid.NewGuid(), [], [], [], []);

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }
}
