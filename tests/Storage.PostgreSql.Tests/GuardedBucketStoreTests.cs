using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Shards;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>How many wait for a database that may be hanging.</summary>
public sealed class GuardedBucketStoreTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly BucketId Id = BucketId.Named("b");

    [Fact]
    public async Task Requests_ToASuspectThatHangs_AreFewAndTheOthersAreRefusedAtOnce()
    {
        var hung = new HungStore();
        var suspect = false;
        var store = new GuardedBucketStore(hung, new SuspectGuard(() => suspect));

        // :: Before anybody knows, all are let through.
        var before = Enumerable.Range(0, 2 * SuspectGuard.WaitingForASuspect).Select(_ => store.LoadAsync(Id, claim: false, default).AsTask()).ToList();
        suspect = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.LoadAsync(Id, claim: false, default).AsTask().WaitAsync(Patience));
        Assert.Equal(CommitOutcome.NotExecuted, await store.CommitAsync(new BucketCommit(BucketHeads.Unwritten(Id), Guid.NewGuid(), [], [], [], [])));
        hung.Answer();
        await Task.WhenAll(before);

        // :: Once it is known, some try again and again, so that it is noticed when it answers.
        hung.Hang();
        var trying = Enumerable.Range(0, SuspectGuard.WaitingForASuspect).Select(_ => store.LoadAsync(Id, claim: false, default).AsTask()).ToList();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.LoadAsync(Id, claim: false, default).AsTask().WaitAsync(Patience));
        Assert.All(trying, static load => Assert.False(load.IsCompleted));
        hung.Answer();
        await Task.WhenAll(trying);
        Assert.Null(await store.LoadAsync(Id, claim: false, default));
    }

    /// <summary>Answers loads when it is told to.</summary>
    private sealed class HungStore() : DelegatingBucketStore(new InMemoryBucketStore())
    {
        private TaskCompletionSource answers = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Answer() => answers.SetResult();

        public void Hang() => answers = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken)
        {
            await answers.Task;
            return await base.LoadAsync(id, claim, cancellationToken);
        }
    }
}
