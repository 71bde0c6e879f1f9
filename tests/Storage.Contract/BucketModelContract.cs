using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;
using Xunit.Abstractions;

namespace Lockstep.Storage.Contract;

/// <summary>
/// Random operations of several devices, each answer compared with the model's; the devices' copies must follow. The clock
/// jumps, owners are evicted, buckets and collections come and go, commits fail in every way a store can tell.
/// </summary>
public abstract class BucketModelContract(ITestOutputHelper output)
{
    private const int Operations = 10_000;
    private static readonly string[] Collections = ["a", "b", "c"];

    protected abstract IBucketStore Store { get; }

    [Fact]
    public async Task RandomOperations_AnswerWhatTheModelSays()
    {
        var seed = Environment.GetEnvironmentVariable("LOCKSTEP_TEST_SEED") is { Length: > 0 } given
            ? int.Parse(given)
            : Random.Shared.Next();
        output.WriteLine($"LOCKSTEP_TEST_SEED={seed}");
        var run = new Run(Store, seed);
        for (var done = 0; done < Operations; done += await run.StepAsync())
        {
        }

        Assert.True(run.Synced > 300, $"Only {run.Synced} synchronisations happened.");
        Assert.True(run.Flushes > 10, $"Only {run.Flushes} flushes were noticed.");
    }

    private sealed class Run
    {
        private readonly ManualTime time = new();
        private readonly Random random;
        private readonly BucketModel model;
        private readonly FaultyBucketStore store;
        private readonly InProcessBuckets buckets;
        private readonly BucketId id = BucketId.DefaultBucket(Guid.NewGuid().ToString());
        private readonly Caller caller = new(new("account:alice"), BucketAccess.Own);
        private readonly List<Device> devices = [.. Enumerable.Range(0, 4).Select(_ => new Device())];
        private readonly int seed;
        private int version;

        public Run(IBucketStore inner, int seed)
        {
            this.seed = seed;
            random = new Random(seed);
            model = new BucketModel(time);
            store = new FaultyBucketStore(inner);
            buckets = new InProcessBuckets(store, new BucketOptions { IdleTimeout = TimeSpan.FromMinutes(5) }, time);
        }

        public int Synced { get; private set; }

        public int Flushes { get; private set; }

        public async Task<int> StepAsync()
        {
            Disturb();
            if (random.Next(8) == 0)
            {
                var device = devices[random.Next(devices.Count)];
                return await SyncAsync(device, Collections[random.Next(Collections.Length)]);
            }

            var operations = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Next()).ToList();
            var outcomes = await ExecuteAsync(operations);
            for (var i = 0; i < operations.Count; i++)
            {
                Check(operations[i], model.Apply(operations[i]), OutcomeText.Of(outcomes[i]));
            }

            return operations.Count;
        }

        private void Disturb()
        {
            switch (random.Next(40))
            {
                case 0:
                    time.JumpWallClock(TimeSpan.FromHours(-1));
                    break;
                case 1:
                    time.JumpWallClock(TimeSpan.FromMinutes(random.Next(120)));
                    break;
                case 2:
                    time.Pass(TimeSpan.FromMinutes(6));
                    buckets.EvictIdle();
                    break;
                case 3:
                    // Told "not executed": nothing happened, and the request is sent again.
                    store.Next = CommitFault.Before;
                    break;
                default:
                    time.Pass(TimeSpan.FromMilliseconds(random.Next(5)));
                    break;
            }
        }

        private async Task<IReadOnlyList<Outcome>> ExecuteAsync(IReadOnlyList<Operation> operations)
        {
            while (true)
            {
                var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(caller, operations), CancellationToken.None);
                if (!response.Outcomes.Any(outcome => outcome is Unavailable))
                {
                    return response.Outcomes;
                }

                Assert.All(response.Outcomes, outcome => Assert.Equal(Unavailable.StoreFailed, outcome));
            }
        }

        private Operation Next()
        {
            var collection = Collections[random.Next(Collections.Length)];
            var record = ObjectRef.Record(collection, $"r{random.Next(12)}");
            var target = random.Next(12) switch { 0 => ObjectRef.Collection(collection), 1 => ObjectRef.Bucket, _ => record };
            var list = random.Next(6) == 0 ? ListRef.Collections : ListRef.RecordsOf(collection);
            return random.Next(100) switch
            {
                < 32 => new PutRecord(target, Body("v"), Hint()) { Precondition = Precondition(PreconditionScope.Record) },
                < 42 => new CreateRecord(target, Body("v"), Hint()) { Precondition = Precondition(PreconditionScope.Record) },
                < 52 => new PatchRecord(target, PatchKind.Shallow, Body("p")) { Precondition = Precondition(PreconditionScope.Record) },
                < 64 => new DeleteRecord(record, Hint()) { Precondition = Precondition(PreconditionScope.Record) },
                < 66 => new DeleteRecord(ObjectRef.Collection(collection)),
                < 67 => new DeleteRecord(ObjectRef.Bucket),
                < 71 => new DeleteRecords(list, Query() with { Limit = random.Next(1, 8) }) { Precondition = Precondition(PreconditionScope.List) },
                < 80 => new ReadRecord(target) { Precondition = Precondition(PreconditionScope.Record) },
                < 95 => new ListRecords(list, Query()) { Precondition = Precondition(PreconditionScope.List) },
                _ => new CountRecords(list, Query()) { Precondition = Precondition(PreconditionScope.List) },
            };
        }

        private ListQuery Query() => new()
        {
            Limit = random.Next(3) == 0 ? random.Next(1, 5) : 100,
            MaxBytes = random.Next(4) == 0 ? random.Next(1, 40) : long.MaxValue,
            Since = random.Next(2) == 0 ? SomeStamp() : null,
            Before = random.Next(8) == 0 ? SomeStamp() : null,
            Ids = random.Next(10) == 0 ? ["r1", "r2", "r3", "a"] : null,
            ExcludedIds = random.Next(10) == 0 ? ["r4", "r5", "b"] : null,
            Sort = random.Next(3) == 0
                ? [new SortField(new[] { "last_modified", "id", "v", "p" }[random.Next(4)], random.Next(2) == 0)]
                : [],
        };

        private Precondition Precondition(PreconditionScope scope)
        {
            if (random.Next(4) != 0)
            {
                return default;
            }

            var (test, value) = Test();
            var (secondTest, secondValue) = random.Next(3) == 0 ? Test() : default;
            return new Precondition(scope, test, value) { SecondTest = secondTest, SecondValue = secondValue };
        }

        private (PreconditionTest Test, ServerTimestamp Value) Test() => random.Next(4) switch
        {
            0 => (PreconditionTest.MustExist, default),
            1 => (PreconditionTest.MustNotExist, default),
            2 => (PreconditionTest.Match, SomeStamp()),
            _ => (PreconditionTest.NoneMatch, SomeStamp()),
        };

        /// <summary>Mostly one that some row or list carries, so that preconditions hold now and then.</summary>
        private ServerTimestamp SomeStamp()
        {
            var list = model.Records(Collections[random.Next(Collections.Length)]);
            var stamps = list.Rows.Values.Select(row => row.Modified).Append(list.Stamp).Append(list.Horizon).Append(0).ToList();
            return new ServerTimestamp(Math.Max(0, stamps[random.Next(stamps.Count)] + (random.Next(4) == 0 ? random.Next(-2, 3) : 0)));
        }

        private ServerTimestamp? Hint() => random.Next(8) == 0 ? new ServerTimestamp(time.Now + random.Next(-2000, 2000)) : null;

        private byte[] Body(string field) => Encoding.UTF8.GetBytes($$"""{"{{field}}":{{++version % 7}}}""");

        /// <summary>As kinto.js does it: what changed since the last ETag, page after page; start over when flushed.</summary>
        private async Task<int> SyncAsync(Device device, string collection)
        {
            var copy = device.Of(collection);
            var operations = 0;
            while (true)
            {
                var query = new ListQuery { Limit = random.Next(1, 20), Since = copy.ETag > 0 ? new ServerTimestamp(copy.ETag) : null };
                var changes = new List<StoredRecord>();
                PageFound page;
                do
                {
                    var outcome = Assert.Single(await ExecuteAsync([new ListRecords(ListRef.RecordsOf(collection), query)]));
                    page = Assert.IsType<PageFound>(outcome);
                    changes.AddRange(page.Records);
                    query = query with { Cursor = page.Next };
                    operations++;
                }
                while (page.Next is not null);

                Assert.True(page.ListStamp.Milliseconds >= copy.ETag, $"seed {seed}: the ETag went back from {copy.ETag} to {page.ListStamp}.");
                if (copy.ETag > 0 && changes.Count == 0 && page.ListStamp.Milliseconds > copy.ETag)
                {
                    Flushes++;
                    copy.Records.Clear();
                    copy.ETag = 0;
                    continue;
                }

                copy.Apply(changes, page.ListStamp.Milliseconds);
                var expected = model.Records(collection).Rows.Values.Where(row => row.IsLive).Select(row => row.ToString()).Order(StringComparer.Ordinal);
                Assert.Equal(expected, copy.Records.Values.Order(StringComparer.Ordinal));
                Synced++;
                return operations;
            }
        }

        private void Check(Operation operation, string expected, string actual) =>
            Assert.True(string.Equals(expected, actual, StringComparison.Ordinal), $"seed {seed}: {operation}\nmodel: {expected}\nowner: {actual}");
    }

    private sealed class Device
    {
        private readonly Dictionary<string, Copy> copies = new(StringComparer.Ordinal);

        public Copy Of(string collection) => copies.TryGetValue(collection, out var copy) ? copy : copies[collection] = new Copy();
    }

    private sealed class Copy
    {
        public long ETag { get; set; }

        public Dictionary<string, string> Records { get; } = new(StringComparer.Ordinal);

        public void Apply(IEnumerable<StoredRecord> changes, long etag)
        {
            foreach (var change in changes)
            {
                if (change.IsTombstone)
                {
                    Records.Remove(change.Id);
                }
                else
                {
                    Records[change.Id] = OutcomeText.Of(change);
                }
            }

            ETag = etag;
        }
    }
}
