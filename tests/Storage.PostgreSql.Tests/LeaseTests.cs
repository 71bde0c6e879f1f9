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
}
