using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>What one bucket, or one user, can have the owners of a process hold.</summary>
public sealed class OwnerLimitTests
{
    private const int BodyBytes = 3_000;
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Sync = ListRef.RecordsOf("tabs");
    private readonly FakeTime time = new();
    private readonly WatchedStore store = new(new InMemoryBucketStore());
    private readonly BucketId id = BucketId.DefaultBucket("alice");
    private readonly BucketId storage = BucketId.SyncStorage("7");

    [Fact]
    public async Task Owners_OfBucketsThatNobodyHasWrittenTo_AreBounded_AndTheOthersStay()
    {
        using var buckets = Buckets();
        var letGo = 0;
        buckets.OnLetGo(_ => letGo++);
        Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, Put("a")));
        for (var i = 0; i < 5_000; i++)
        {
            await ExecuteAsync(buckets, new ReadRecord(ObjectRef.Bucket), BucketId.Named($"random{i}"));
        }

        Assert.InRange(buckets.Count, 2, 1_001);
        Assert.Equal(5_001, buckets.Count + letGo);
        Assert.True(buckets.TryExecute(id, new BucketRequest(Alice, [new ReadRecord(ObjectRef.Bucket)]), default) is not null);
    }

    [Theory]
    [InlineData(PatchKind.Shallow)]
    [InlineData(null)]
    public async Task Turn_OfManyOldBodies_ReadsAndWritesThemInPieces(PatchKind? patch)
    {
        using var buckets = Buckets(new BucketOptions { MaxTurnBytes = 4 * BodyBytes });
        for (var i = 0; i < 40; i++)
        {
            await ExecuteAsync(buckets, Put($"r{i}"));
        }

        store.Hold();
        var blocking = ExecuteAsync(buckets, Put("first")).AsTask();
        await store.Entered;
        var all = Enumerable.Range(0, 40).Select(i => ExecuteAsync(buckets, patch is { } kind
            ? new PatchRecord(Record($"r{i}"), kind, """{"a":1}"""u8.ToArray())
            : new PutRecord(Record($"r{i}"), Body: null)).AsTask()).ToList();
        store.MostRead = store.MostWritten = 0;
        store.Open();

        await blocking;
        Assert.All(await Task.WhenAll(all), static outcome => Assert.IsType<RecordWritten>(outcome));
        Assert.InRange(store.MostRead, BodyBytes, 6 * BodyBytes);
        Assert.InRange(store.MostWritten, BodyBytes, 6 * BodyBytes);
    }

    [Fact]
    public async Task Turn_OfObjectsThatNameMany_WritesThemInPieces()
    {
        using var buckets = Buckets(new BucketOptions());
        store.Hold();
        var blocking = ExecuteAsync(buckets, Put("first")).AsTask();
        await store.Entered;
        var all = Enumerable.Range(0, 12).Select(i => ExecuteAsync(buckets, new PutRecord(Record($"r{i}"), "{}"u8.ToArray())
        {
            Access = SharedBucket.Says(Right.Read, [.. Enumerable.Range(0, 900).Select(static n => $"account:n{n}")]),
        }).AsTask()).ToList();
        store.Open();

        await blocking;
        Assert.All(await Task.WhenAll(all), static outcome => Assert.IsType<RecordWritten>(outcome));
        Assert.InRange(store.MostGrants, 900, 6_000);
    }

    [Fact]
    public async Task Turn_ThatIsCut_AndWhoseCommitHangs_AnswersAllInTime()
    {
        var options = new BucketOptions { MaxTurnBytes = 4 * BodyBytes };
        using var buckets = Buckets(options);
        for (var i = 0; i < 12; i++)
        {
            await ExecuteAsync(buckets, Put($"r{i}"));
        }

        store.Hold();
        var blocking = ExecuteAsync(buckets, Put("first")).AsTask();
        await store.Entered;
        var all = Enumerable.Range(0, 12).Select(i => ExecuteAsync(buckets, new PatchRecord(Record($"r{i}"), PatchKind.Shallow, """{"a":1}"""u8.ToArray())).AsTask()).ToList();
        store.HoldNext();
        Assert.IsType<RecordWritten>(await blocking);
        await store.Entered;
        time.Advance(options.AnswerTime);

        var outcomes = await Task.WhenAll(all);
        Assert.Equal(Unavailable.FateUnknown, outcomes[0]);
        Assert.Equal(Unavailable.Overloaded, outcomes[^1]);
        Assert.All(outcomes, static outcome => Assert.Contains(outcome, (Outcome[])[Unavailable.FateUnknown, Unavailable.Overloaded]));
        store.Open();
    }

    [Fact]
    public async Task Patches_InOneRequest_ThatFindNoRoom_AreRefused_WithWhatFollows_AndTheRoomIsGivenBack()
    {
        using var buckets = Buckets(new BucketOptions { MaxWorkBytes = 20_000 });
        for (var i = 0; i < 4; i++)
        {
            await ExecuteAsync(buckets, Put($"r{i}"));
        }

        for (var attempt = 0; attempt < 3; attempt++)
        {
            var operations = Enumerable.Range(0, 4).Select(i => new PatchRecord(Record($"r{i}"), PatchKind.Shallow, """{"a":1}"""u8.ToArray())).Append<Operation>(Put("last"));
            var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [.. operations]), default);

            Assert.IsType<RecordWritten>(response.Outcomes[0]);
            Assert.Equal([Unavailable.Overloaded, Unavailable.Overloaded], response.Outcomes.TakeLast(2));
        }
    }

    [Fact]
    public async Task Patch_WhoseCallerHasGone_IsNotApplied_AndThoseInItsTurnAre()
    {
        using var buckets = Buckets();
        await ExecuteAsync(buckets, Put("a"));
        using var gone = new CancellationTokenSource();
        store.HoldReads();
        var patch = new PatchRecord(Record("a"), PatchKind.Shallow, """{"patched":true}"""u8.ToArray());
        var left = buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [patch]), gone.Token).AsTask();
        await store.Entered;
        await gone.CancelAsync();
        store.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, Put("b")));
        var found = Assert.IsType<RecordFound>(await ExecuteAsync(buckets, new ReadRecord(Record("a"))));
        Assert.DoesNotContain("patched", Encoding.UTF8.GetString(found.Record.Body.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public async Task Merge_ThatKeepsBodies_KeepsThem_OrIsRefusedWhole_WhereThereIsNoRoom(int records)
    {
        var ids = Enumerable.Range(0, records).Select(static i => $"r{i}").ToList();
        using (var buckets = Buckets())
        {
            Assert.IsType<RecordsMerged>(await MergeAsync(buckets, [.. ids.Select(Change)]));
        }

        using (var buckets = Buckets(new BucketOptions { MaxWorkBytes = 2 * BodyBytes }))
        {
            Assert.Equal(Unavailable.Overloaded, await MergeAsync(buckets, [.. ids.Select(static id => new RecordChange(id) { SortIndex = 1 })]));
            Assert.Null((await ReadAsync(buckets, "r0")).SortIndex);

            // The room was given back.
            Assert.IsType<RecordsMerged>(await MergeAsync(buckets, [new RecordChange("r0") { SortIndex = 1 }]));
        }

        using (var buckets = Buckets(new BucketOptions { MaxTurnBytes = 4 * BodyBytes }))
        {
            Assert.IsType<RecordsMerged>(await MergeAsync(buckets, [.. ids.Select(static id => new RecordChange(id) { SortIndex = 2 })]));
            foreach (var record in ids)
            {
                var read = await ReadAsync(buckets, record);
                Assert.Equal((2, BodyBytes), (read.SortIndex, read.Body.Length));
            }
        }
    }

    [Fact]
    public async Task Upload_ForWhichThereIsNoRoom_IsRefusedWhole_AndCanBeStoredLater()
    {
        using (var buckets = Buckets())
        {
            var stage = new StageChanges(Sync, "u", [.. Enumerable.Range(0, 10).Select(static i => Change($"r{i}"))])
            {
                Opens = true, MaxRecords = 100, MaxBytes = 1_000_000,
            };
            Assert.IsType<ChangesStaged>(await ExecuteAsync(buckets, stage, storage));
            Assert.IsType<RecordsMerged>(await MergeAsync(buckets, [Change("x")]));
        }

        using (var buckets = Buckets(new BucketOptions { MaxWorkBytes = 5 * BodyBytes }))
        {
            // The first one holds a body, so that not whatever the second one asks for is granted.
            var request = new BucketRequest(Alice, [new MergeRecords(Sync, [new RecordChange("x") { SortIndex = 1 }]), new MergeRecords(Sync, []) { Upload = "u" }]);
            var response = await buckets.Get(storage).ExecuteAsync(request, default);
            Assert.IsType<RecordsMerged>(response.Outcomes[0]);
            Assert.Equal(Unavailable.Overloaded, response.Outcomes[1]);
        }

        using (var buckets = Buckets())
        {
            Assert.IsType<RecordsMerged>(await ExecuteAsync(buckets, new MergeRecords(Sync, []) { Upload = "u" }, storage));
            Assert.Equal(BodyBytes, (await ReadAsync(buckets, "r9")).Body.Length);
        }
    }

    /// <summary>One request may say something of a record twice, and what it says first may end it.</summary>
    [Fact]
    public async Task Quota_CountsOfARecordThatIsChangedTwice_WhatIsLeftInTheEnd()
    {
        using var buckets = Buckets();
        RecordChange[] changes = [Change("a") with { Lifetime = 0 }, new("a") { SortIndex = 1 }, Change("b"), Change("b")];

        Assert.IsType<RecordsMerged>(await ExecuteAsync(buckets, new MergeRecords(Sync, changes) { Quota = BodyBytes }, storage));

        Assert.Equal(0, (await ReadAsync(buckets, "a")).Body.Length);
        Assert.Equal(OverQuota.Instance, await ExecuteAsync(buckets, new MergeRecords(Sync, [Change("c")]) { Quota = BodyBytes }, storage));
    }

    private InProcessBuckets Buckets(BucketOptions? options = null) => new(store, options ?? new BucketOptions(), time);

    private static ObjectRef Record(string record) => ObjectRef.Record("tasks", record);

    private static RecordChange Change(string record) => new(record) { Body = new byte[BodyBytes] };

    private ValueTask<Outcome> MergeAsync(InProcessBuckets buckets, IReadOnlyList<RecordChange> changes) =>
        ExecuteAsync(buckets, new MergeRecords(Sync, changes), storage);

    private async ValueTask<StoredRecord> ReadAsync(InProcessBuckets buckets, string record) =>
        Assert.IsType<RecordFound>(await ExecuteAsync(buckets, new ReadRecord(ObjectRef.Record("tabs", record)), storage)).Record;

    private static PutRecord Put(string record) => new(Record(record), Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', BodyBytes)}}"}"""));

    private async ValueTask<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation, BucketId? bucket = null) =>
        (await buckets.Get(bucket ?? id).ExecuteAsync(new BucketRequest(Alice, [operation]), CancellationToken.None)).Outcomes[0];

    /// <summary>Notes how many bytes of bodies are read at once, and written; holds commits or reads back when it is told to.</summary>
    private sealed class WatchedStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private TaskCompletionSource entered = new();
        private TaskCompletionSource open = new();
        private bool holdsCommits;
        private bool holdsReads;

        public long MostRead { get; set; }

        public long MostWritten { get; set; }

        /// <summary>Rows of the index of principals in one commit.</summary>
        public int MostGrants { get; private set; }

        public Task Entered => entered.Task;

        public void Hold() => (holdsCommits, entered, open) = (true, New(), New());

        /// <summary>Lets what is held go on, and holds what comes next.</summary>
        public void HoldNext()
        {
            var held = open;
            Hold();
            held.TrySetResult();
        }

        public void HoldReads() => (holdsReads, entered, open) = (true, New(), New());

        public void Open()
        {
            (holdsCommits, holdsReads) = (false, false);
            open.TrySetResult();
        }

        public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            if (holdsReads)
            {
                entered.TrySetResult();
                await open.Task;
            }

            var rows = await base.ReadAsync(bucket, keys, projection, cancellationToken);
            MostRead = Math.Max(MostRead, rows.Values.Sum(static row => (long)row.Body.Length));
            return rows;
        }

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            if (holdsCommits)
            {
                entered.TrySetResult();
                await open.Task;
            }

            MostGrants = Math.Max(MostGrants, commit.Grants.Count);
            MostWritten = Math.Max(MostWritten, commit.Records.Sum(static row => (long)row.Value.Body.Length));
            return await base.CommitAsync(commit);
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
