using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>One history of one bucket: an owner on a store beside the model, and devices that keep up with it.</summary>
internal sealed class ModelRun : IDisposable
{
    public const int Devices = 4;

    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(5);

    private readonly FakeTime time = new();
    private readonly BucketModel model;
    private readonly FaultyBucketStore store;
    private readonly InProcessBuckets buckets;
    private readonly BucketId id = BucketId.DefaultBucket(Guid.NewGuid().ToString());
    private readonly Caller caller = new(new("account:alice"), BucketAccess.Own);
    private readonly Dictionary<(int Device, string Collection), ModelCopy> copies = [];
    private readonly List<Func<string>> log = [];

    public ModelRun(IBucketStore inner)
    {
        model = new BucketModel(time);
        store = new FaultyBucketStore(inner);
        buckets = new InProcessBuckets(store, new BucketOptions { IdleTimeout = IdleTimeout }, time);
    }

    /// <summary>How often a device had the whole of what the model says.</summary>
    public int Synchronized { get; private set; }

    /// <summary>How often a device noticed that a collection was deleted.</summary>
    public int Flushes { get; private set; }

    /// <summary>Sends one request; each answer must be the model's.</summary>
    public async Task RequestAsync(IReadOnlyList<Func<BucketModel, Operation>> choices)
    {
        List<Operation> operations = [.. choices.Select(choice => choice(model))];
        var outcomes = await ExecuteAsync(operations);
        for (var i = 0; i < operations.Count; i++)
        {
            var (operation, expected, actual) = (operations[i], model.Apply(operations[i]), OutcomeText.Of(outcomes[i]));
            log.Add(() => $"{operation}: {expected}");
            Check(string.Equals(expected, actual, StringComparison.Ordinal), $"the owner says {actual}");
        }
    }

    /// <summary>As kinto.js does it: what changed since the last ETag, page after page; start over when flushed.</summary>
    public async Task SynchronizeAsync(int device, string collection, int limit)
    {
        if (!copies.TryGetValue((device, collection), out var copy))
        {
            copies[(device, collection)] = copy = new ModelCopy();
        }

        log.Add(() => $"device {device} synchronises {collection} by {limit}");
        while (true)
        {
            var query = new ListQuery { Limit = limit, Since = copy.ETag > 0 ? new ServerTimestamp(copy.ETag) : null };
            var changes = new List<StoredRecord>();
            PageFound page;
            do
            {
                var outcome = Assert.Single(await ExecuteAsync([new ListRecords(ListRef.RecordsOf(collection), query)]));
                page = Assert.IsType<PageFound>(outcome);
                changes.AddRange(page.Records);
                query = query with { Cursor = page.Next };
            }
            while (page.Next is not null);

            Check(page.ListStamp.Milliseconds >= copy.ETag, $"the ETag went back from {copy.ETag} to {page.ListStamp}");
            if (copy.ETag > 0 && changes.Count == 0 && page.ListStamp.Milliseconds > copy.ETag)
            {
                Flushes++;
                copy.Clear();
                continue;
            }

            copy.Apply(changes, page.ListStamp.Milliseconds);
            var expected = model.Records(collection).Rows.Values.Where(static row => row.IsLive).Select(static row => row.ToString()).Order(StringComparer.Ordinal);
            Check(expected.SequenceEqual(copy.Records.Order(StringComparer.Ordinal), StringComparer.Ordinal), $"it has {string.Join(", ", copy.Records)}");
            Synchronized++;
            return;
        }
    }

    public Task Pass(TimeSpan by)
    {
        time.Advance(by);
        return Log(() => $"{by} passes");
    }

    public Task JumpWallClock(TimeSpan by)
    {
        time.JumpWallClock(by);
        return Log(() => $"the wall clock jumps by {by}");
    }

    public Task EvictOwners()
    {
        time.Advance(IdleTimeout + TimeSpan.FromMinutes(1));
        buckets.EvictIdle();
        return Log(static () => "the owner leaves memory");
    }

    /// <summary>Told "not executed": nothing happened, and the request is sent again.</summary>
    public Task FailNextCommit()
    {
        store.Next = CommitFault.Before;
        return Log(static () => "the next commit is not executed");
    }

    public void Dispose() => buckets.Dispose();

    private async Task<IReadOnlyList<Outcome>> ExecuteAsync(IReadOnlyList<Operation> operations)
    {
        while (true)
        {
            var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(caller, operations), CancellationToken.None);
            if (!response.Outcomes.Any(static outcome => outcome is Unavailable))
            {
                return response.Outcomes;
            }

            Assert.All(response.Outcomes, static outcome => Assert.Equal(Unavailable.StoreFailed, outcome));
        }
    }

    private Task Log(Func<string> line)
    {
        log.Add(line);
        return Task.CompletedTask;
    }

    private void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            Assert.Fail($"{string.Join('\n', log.Select(static line => line()))}\nbut {otherwise}");
        }
    }
}
