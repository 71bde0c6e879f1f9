using System.Text.RegularExpressions;
using CsCheck;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Xunit.Sdk;

namespace Lockstep.Core.Tests;

/// <summary>The proofs can fail: each is run on a store that is broken in one respect.</summary>
public sealed partial class BrokenStoreTests
{
    [Fact]
    public async Task WritersAndPollers_StoreWhoseStampsRunAheadOfItsRows_Fails() =>
        await Assert.ThrowsAnyAsync<XunitException>(() => BucketConcurrencyContract.WritersAndPollersAsync(
            new InProcessBuckets(new StampsAheadOfRowsStore(new InMemoryBucketStore()), new BucketOptions(), TimeProvider.System), writers: 16, pollers: 2, writesEach: 40));

    [Fact]
    public async Task Counter_TwoOwnersOnAStoreThatDoesNotCompareVersions_Fails()
    {
        var store = new InMemoryBucketStore();
        var (one, other) = (new TaskCompletionSource(), new TaskCompletionSource());
        InProcessBuckets[] owners =
        [
            new InProcessBuckets(new NoFenceStore(store, arrived: one, awaited: other.Task), new BucketOptions(), TimeProvider.System),
            new InProcessBuckets(new NoFenceStore(store, arrived: other, awaited: one.Task), new BucketOptions(), TimeProvider.System),
        ];

        await Assert.ThrowsAnyAsync<XunitException>(() => BucketConcurrencyContract.CounterAsync(owners, devices: 16));
    }

    [Fact]
    public async Task Model_StoreThatLosesAcknowledgedCommits_FailsWithAShortHistory_AndAgainWithItsSeed()
    {
        var found = await FailingHistoryAsync(seed: null, histories: 5_000);
        var again = await FailingHistoryAsync(Seed().Match(found.Message).Groups["seed"].Value, histories: 1);

        Assert.InRange(found.InnerException!.Message.Split('\n').Length, LossyStore.Every, 50);
        Assert.Equal(found.InnerException.Message, again.InnerException!.Message);

        static Task<CsCheckException> FailingHistoryAsync(string? seed, int histories) => Assert.ThrowsAsync<CsCheckException>(() =>
            BucketModelContract.SampleAsync(new LossyStore(new InMemoryBucketStore()), static _ => { }, seed, histories));
    }

    [Theory]
    [InlineData(nameof(BucketStoreContract.Commit_FromAnOldVersion_IsStaleAndWritesNothing))]
    [InlineData(nameof(BucketStoreContract.Commit_ManyFromOneVersionAtOnce_ExactlyOneHappens))]
    public async Task Contract_StoreThatDoesNotCompareVersions_Fails(string test) => await FailsAsync(new NoFenceContract(), test);

    [Theory]
    [InlineData(nameof(BucketStoreContract.Commit_NewBucket_IsReadBackWhole))]
    [InlineData(nameof(BucketStoreContract.Scan_StampsAndRows_ComeFromOneSnapshot))]
    public async Task Contract_StoreWhoseStampsRunAheadOfItsRows_Fails(string test) => await FailsAsync(new StampsAheadContract(), test);

    [Fact]
    public async Task History_StoreThatCopiesNothing_Fails() =>
        await Assert.ThrowsAnyAsync<XunitException>(() => new NoCopiesContract().History_OfWritesByChance_TellsEachOne_AndEveryStateThatWas(seed: 1));

    [GeneratedRegex("seed: \"(?<seed>[^\"]+)\"")]
    private static partial Regex Seed();

    private static async Task FailsAsync(BucketStoreContract contract, string test)
    {
        var run = (Task)contract.GetType().GetMethod(test)!.Invoke(contract, null)!;
        await Assert.ThrowsAnyAsync<XunitException>(() => run);
    }

    /// <summary>What a disk's time is to the others: all that is ready to run runs, some times over.</summary>
    private static async Task LetOthersRunAsync()
    {
        for (var i = 0; i < 20; i++)
        {
            await Task.Yield();
        }
    }

    private sealed class NoFenceContract : BucketStoreContract
    {
        protected override IBucketStore Store { get; } = new NoFenceStore(new InMemoryBucketStore());

        protected override IBucketIndex Index { get; } = new InMemoryBucketStore();

        protected override IStoreMaintenance Maintenance { get; } = new InMemoryBucketStore();
    }

    private sealed class NoCopiesContract : HistoryContract
    {
        protected override IBucketStore Store { get; } = new NoCopiesStore(new InMemoryBucketStore());
    }

    private sealed class NoCopiesStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => base.CommitAsync(commit with { Copies = [] });
    }

    private sealed class StampsAheadContract : BucketStoreContract
    {
        protected override IBucketStore Store { get; } = new StampsAheadOfRowsStore(new InMemoryBucketStore());

        protected override IBucketIndex Index { get; } = new InMemoryBucketStore();

        protected override IStoreMaintenance Maintenance { get; } = new InMemoryBucketStore();
    }

    /// <summary>Says "done" to each fifth commit of a bucket and stores nothing of its rows.</summary>
    private sealed class LossyStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public const int Every = 5;

        public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) =>
            base.CommitAsync(commit.Heads.Version % Every == 0 ? commit with { Records = [] } : commit);
    }

    /// <summary>
    /// Takes whatever comes, from whichever version. The first commit to a bucket that is there <paramref name="arrived"/>
    /// and waits for the <paramref name="awaited"/> one of the other owner, which is then from the same version.
    /// </summary>
    private sealed class NoFenceStore(IBucketStore inner, TaskCompletionSource? arrived = null, Task? awaited = null) : DelegatingBucketStore(inner)
    {
        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            if (await LoadAsync(commit.Id, claim: false, default) is not null && awaited is not null)
            {
                arrived?.TrySetResult();
                await awaited;
            }

            while (true)
            {
                var stored = await LoadAsync(commit.Id, claim: false, default);
                var forced = stored is null ? commit : commit with
                {
                    Heads = commit.Heads with
                    {
                        Version = stored.Version + 1,
                        Clock = ServerTimestamp.Max(commit.Heads.Clock, stored.Clock.Plus(1)),
                    },
                };
                if (await base.CommitAsync(forced) is { Status: CommitStatus.Done } done)
                {
                    return done;
                }
            }
        }
    }

    /// <summary>Shows a list's newest stamp with rows of a moment before: what reading them in two statements does.</summary>
    private sealed class StampsAheadOfRowsStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            await LetOthersRunAsync();
            return await base.CommitAsync(commit);
        }

        public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            var rows = await base.ReadAsync(bucket, keys, projection, cancellationToken);
            return rows.ToDictionary(row => row.Key, row => row.Value with { Modified = row.Value.Modified.Plus(-1) });
        }

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            var rows = await base.ScanAsync(scan, cancellationToken);
            var later = rows;
            // Until there is something to be wrong about, or nobody writes any more.
            for (var i = 0; i < 100 && later.Version == rows.Version; i++)
            {
                await LetOthersRunAsync();
                later = await base.ScanAsync(scan, cancellationToken);
            }

            return rows with { Head = later.Head, Version = later.Version };
        }
    }
}
