using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>A store that fails: the client hears the truth, in the protocol's shape, and reads go on.</summary>
public sealed class FaultTests
{
    private const string Record = KintoClient.Records + "/a";

    [Theory]
    [InlineData(CommitFault.Before, true, false)]
    [InlineData(CommitFault.LostBefore, false, false)]
    [InlineData(CommitFault.LostAfter, false, true)]
    public async Task Write_StoreFailsInTheMiddle_IsToldTruly(CommitFault fault, bool known, bool stored)
    {
        FaultyBucketStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new FaultyBucketStore(inner));
        try
        {
            using var client = await server.NewUserAsync();
            await client.PutAsync(KintoClient.Records + "/first", """{"data":{}}""");
            store.Next = fault;

            var answer = await client.PutAsync(Record, """{"data":{"n":1}}""");

            Assert.Equal(stored ? 200 : 404, (await client.GetAsync(Record)).Status);
            answer.AssertError(503, KintoErrno.Backend);
            Assert.Equal(known, answer.Headers.ContainsKey("Retry-After"));
            Assert.Contains(known ? "nothing was changed" : "not known", answer.Text, StringComparison.Ordinal);
            Assert.True((await client.PutAsync(Record, """{"data":{"n":2}}""")).Status is 200 or 201);
            Assert.Equal(2, (await client.GetAsync(KintoClient.Records)).Ids.Count());
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Whoever shares a bucket with everybody would otherwise keep everybody's list from them with it.</summary>
    [Fact]
    public async Task Buckets_OfWhichOnesOwnerDoesNotAnswer_AreListedAllTheSame()
    {
        OneAwayStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new OneAwayStore(inner));
        try
        {
            using var alice = await server.NewUserAsync();
            using var bob = await server.NewUserAsync();
            var bobId = (await bob.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;
            Assert.Equal(201, (await alice.PutAsync("/buckets/shared", $$$"""{"data":{"n":1},"permissions":{"read":["{{{bobId}}}"]} }""")).Status);
            Assert.Equal(201, (await bob.PutAsync("/buckets/own", "{}")).Status);
            var before = await bob.GetAsync("/buckets?_sort=id");
            Assert.Equal(["own", "shared"], before.Ids);
            Assert.Equal(1, before.Data[1].GetProperty("n").GetInt32());
            store.Away = BucketId.Named("shared");

            (await bob.GetAsync("/buckets/shared")).AssertError(503, KintoErrno.Backend);
            var meanwhile = await bob.GetAsync("/buckets?_sort=id");

            Assert.Equal((200, before.Text, before.ETag), (meanwhile.Status, meanwhile.Text, meanwhile.ETag));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>What earlier parts did is done, whatever becomes of finding out what a later one asks for.</summary>
    [Fact]
    public async Task Batch_OfWhichOnePartCannotBePlanned_TellsWhatWasDone()
    {
        BrokenBucketStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new BrokenBucketStore(inner));
        try
        {
            using var client = await server.NewUserAsync();
            Assert.Equal(201, (await client.PutAsync("/buckets/open", """{"permissions":{"read":["system.Everyone"]} }""")).Status);
            Assert.Equal(201, (await client.PutAsync("/buckets/open/collections/c", "{}")).Status);
            store.Broken = BucketId.Named("open");

            // Whoever did not sign in is told for how long records may be kept, as their collection says.
            var answer = await client.PostAsync("/batch", $$$"""
                {"requests":[
                  {"method":"PUT","path":"{{{Record}}}"},
                  {"path":"/buckets/open/collections/c/records","headers":{"Authorization":""}},
                  {"method":"PUT","path":"{{{KintoClient.Records}}}/b"}
                ]}
                """);

            Assert.Equal((200, "201 500 503"), (answer.Status, string.Join(' ', answer.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()))));
            Assert.Equal(["a"], (await client.GetAsync(KintoClient.Records)).Ids);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [OneProcessFact("The clock of the silo stands still.")]
    public async Task Batch_OfWhichALongReadIsPutOff_DoesWhatFollows()
    {
        var time = new FakeTime();
        SlowScans store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new SlowScans(inner, time), time: time);
        try
        {
            using var client = await server.NewUserAsync();
            Assert.Equal(201, (await client.PutAsync(Record, """{"data":{"n":1}}""")).Status);
            store.Takes = TimeSpan.FromSeconds(6);

            var answer = await client.PostAsync("/batch", $$$"""
                {"requests":[
                  {"method":"PUT","path":"{{{KintoClient.Records}}}/b"},
                  {"path":"{{{KintoClient.Records}}}?_sort=n"},
                  {"method":"PUT","path":"/buckets/other"}
                ]}
                """);

            var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
            Assert.Equal("201 503 201", string.Join(' ', parts.Select(static part => part.GetProperty("status").GetInt32())));
            Assert.True(parts[1].GetProperty("headers").TryGetProperty("Retry-After", out _));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [OneProcessFact("The fault is in the store of the silo; accounts are deleted by the gateway.")]
    public async Task Housekeeping_ThatCannotEndADeletion_StillRemovesRows()
    {
        var time = new FakeTime();
        UnlistedStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new UnlistedStore(inner), time: time);
        try
        {
            using var client = await server.NewUserAsync();
            await store.Purges.ReachesAsync(1);
            store.IsAway = true;
            Assert.Equal(503, (await client.SendAsync("DELETE", "/accounts/user1")).Status);

            time.Advance(TimeSpan.FromSeconds(10));

            await store.Purges.ReachesAsync(2);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>What ends as if it was cancelled does not mean that the server stops.</summary>
    [OneProcessFact("Silos take each other for dead by a clock that stands still or jumps.")]
    public async Task Housekeeping_WhoseStoreGivesUpByItself_ComesRoundAgain()
    {
        var time = new FakeTime();
        var purges = new Tally();
        var server = await KintoServer.StartAsync(decorate: inner => new TiredStore(inner, purges), time: time);
        try
        {
            await purges.ReachesAsync(1);
            time.Advance(TimeSpan.FromSeconds(10));
            await purges.ReachesAsync(2);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [SqliteFact("The limit on the size of the file is a setting of SQLite's.")]
    public async Task DiskFull_WritesAre503_ReadsAreServed()
    {
        var server = await KintoServer.StartAsync(options => options with { MaxDatabaseBytes = 1 << 20 });
        try
        {
            using var client = await server.NewUserAsync();
            var body = $$$"""{"data":{"a":"{{{new string('x', 100_000)}}}"}}""";
            KintoAnswer? refused = null;
            var written = 0;
            while (refused is null && written < 20)
            {
                var answer = await client.PutAsync($"{KintoClient.Records}/r{written}", body);
                if (answer.Status == 201)
                {
                    written++;
                }
                else
                {
                    refused = answer;
                }
            }

            Assert.NotNull(refused);
            refused.AssertError(503, KintoErrno.Backend);
            Assert.Contains("nothing was changed", refused.Text, StringComparison.Ordinal);
            Assert.True(refused.Headers.ContainsKey("Retry-After"));
            Assert.Equal(written, (await client.GetAsync(KintoClient.Records + "?_fields=none")).Ids.Count());
            (await client.GetAsync($"{KintoClient.Records}/r{written}")).AssertError(404, KintoErrno.InvalidResourceId);
            Assert.Equal(200, (await client.GetAsync($"{KintoClient.Records}/r0")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Does not answer for the rows of one bucket.</summary>
    private sealed class OneAwayStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public BucketId? Away { get; set; }

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
            bucket.Id == Away ? throw new StoreUnavailableException("This bucket is away.") : base.ReadAsync(bucket, keys, projection, cancellationToken);
    }

    /// <summary>Takes a time to read rows.</summary>
    private sealed class SlowScans(IBucketStore inner, FakeTime time) : DelegatingBucketStore(inner)
    {
        public TimeSpan Takes { get; set; }

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            time.Advance(Takes);
            return base.ScanAsync(scan, cancellationToken);
        }
    }

    /// <summary>Has a fault where it reads one bucket's rows.</summary>
    private sealed class BrokenBucketStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public BucketId? Broken { get; set; }

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
            bucket.Id == Broken ? throw new InvalidOperationException("Broken.") : base.ReadAsync(bucket, keys, projection, cancellationToken);
    }

    /// <summary>Cannot tell whose buckets there are, as when one of several databases is away.</summary>
    private sealed class UnlistedStore(IBucketStore inner) : DelegatingBucketStore(inner), IBucketIndex, IStoreMaintenance
    {
        public bool IsAway { get; set; }

        public Tally Purges { get; } = new();

        public ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) =>
            IsAway ? throw Away() : ValueTask.FromResult(new BucketRows(default, [], More: false));

        public ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) => throw Away();

        public ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken) => throw Away();

        public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
            IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => throw Away();

        public ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
            NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
            where T : class => throw Away();

        public ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(
            IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken) => throw Away();

        public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
            string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => throw Away();

        public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) => throw Away();

        public ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(
            TombstoneEntry? after, int limit, CancellationToken cancellationToken) => throw Away();

        public ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(
            ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken) => throw Away();

        public ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
        {
            Purges.Add();
            return ValueTask.FromResult(false);
        }

        public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);

        private static StoreUnavailableException Away() => new("Away.");
    }

    /// <summary>Gives up each purge by itself, as a time-out of its own does.</summary>
    private sealed class TiredStore(IBucketStore inner, Tally purges) : DelegatingBucketStore(inner), IStoreMaintenance
    {
        public ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
        {
            purges.Add();
            throw new OperationCanceledException("It took too long.");
        }

        public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);
    }
}
