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

/// <summary>One history of one bucket whose records expire: an owner on a store beside the model.</summary>
internal sealed class ExpiringModelRun : IDisposable
{
    private const long Quota = 40;
    private const int MaxStaged = 6;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(5);

    private readonly FakeTime time = new();
    private readonly FaultyBucketStore store;
    private readonly InProcessBuckets buckets;
    private readonly BucketId id = BucketId.SyncStorage(Guid.NewGuid().ToString("N"));
    private readonly Caller caller = new(new("sync:7"), BucketAccess.Own);
    private readonly List<string> log = [];

    // The model. A list that is not there has no entry; its last stamp stays in "touched".
    private readonly Dictionary<string, Dictionary<string, Row>> lists = [];
    private readonly Dictionary<string, long> touched = [];
    private Upload? upload;
    private long clock;
    private int uploads;

    public ExpiringModelRun(IBucketStore inner)
    {
        store = new FaultyBucketStore(inner);
        buckets = new InProcessBuckets(store, new BucketOptions { IdleTimeout = IdleTimeout }, time);
    }

    /// <summary>Records that were asked for and had expired.</summary>
    public int SeenExpired { get; private set; }

    /// <summary>Records that a merge has changed.</summary>
    public int Merged { get; private set; }

    // Not before the bucket's clock.
    private long Now => Math.Max(clock, ServerTimestamp.Now(time).Milliseconds);

    public async Task MergeAsync(string list, RecordChange[] changes, bool hasQuota, bool isConditional)
    {
        var condition = isConditional ? new Precondition(PreconditionScope.List, PreconditionTest.UnmodifiedSince, new(Math.Max(0, Stamp(list) - 10))) : default;
        var operation = new MergeRecords(ListRef.RecordsOf(list), changes) { Quota = hasQuota ? Quota : long.MaxValue, Precondition = condition };
        var outcome = await ExecuteAsync(operation);
        if (isConditional && Stamp(list) > 0)
        {
            Check(outcome is PreconditionFailed failed && failed.Stamp.Milliseconds == Stamp(list), outcome);
        }
        else
        {
            Applied(list, changes, hasQuota, restamps: false, outcome);
        }
    }

    public async Task StageAsync(string list, RecordChange[] changes, bool opens)
    {
        if (!opens && upload is null)
        {
            return;
        }

        var current = opens ? new Upload($"u{uploads++}", list, []) : upload!;
        var distinct = changes.DistinctBy(static change => change.Id).ToArray();
        var outcome = await ExecuteAsync(new StageChanges(ListRef.RecordsOf(list), current.Id, distinct) { Opens = opens, MaxRecords = MaxStaged, MaxBytes = 100 });
        if (list != current.List || (!opens && current.Ends <= Now))
        {
            Check(outcome is Missing, outcome);
            return;
        }

        Check(outcome is ChangesStaged staged && staged.ListStamp.Milliseconds == Stamp(list), outcome);
        var ends = opens ? (await store.LoadAsync(id, claim: false, default))!.Lists[ListRef.Upload(list, current.Id)].NextExpiry!.Value.Milliseconds : current.Ends;
        Check(ends >= Now && ends <= Now + (long)TimeSpan.FromHours(2).TotalMilliseconds + 20, outcome);
        upload = current with { Changes = [.. current.Changes, .. distinct], Ends = ends };
    }

    public async Task CommitUploadAsync(string list, RecordChange[] changes)
    {
        if (upload is not { } current)
        {
            return;
        }

        var outcome = await ExecuteAsync(new MergeRecords(ListRef.RecordsOf(list), changes) { Upload = current.Id });
        if (list != current.List || current.Ends <= Now)
        {
            Check(outcome is Missing, outcome);
            return;
        }

        // What was staged twice for one record is one change by now.
        var staged = current.Changes.GroupBy(static change => change.Id, static (id, all) => all.Aggregate((earlier, later) => new RecordChange(id)
        {
            Body = later.Body ?? earlier.Body, SortIndex = later.SortIndex ?? earlier.SortIndex, Lifetime = later.Lifetime ?? earlier.Lifetime,
        }));
        Applied(list, [.. staged, .. changes], hasQuota: false, restamps: true, outcome);
        upload = null;
    }

    public async Task DeleteAsync(string list, string record)
    {
        var outcome = await ExecuteAsync(new DeleteRecord(ObjectRef.Record(list, record)));
        if (Live(list, record) is null)
        {
            Check(outcome is Missing, outcome);
            return;
        }

        Check(outcome is RecordDeleted, outcome);
        Advance(((RecordDeleted)outcome).Tombstone.Modified, list);
        lists[list].Remove(record);
    }

    public async Task DeleteManyAsync(string list, string[] ids)
    {
        var outcome = await ExecuteAsync(new DeleteRecords(ListRef.RecordsOf(list), new ListQuery { Ids = [.. ids.Distinct()], Limit = int.MaxValue }));
        if (!lists.TryGetValue(list, out var rows))
        {
            Check(outcome is RecordsDeleted { Tombstones.Count: 0 } none && none.ListStamp == ServerTimestamp.Zero, outcome);
            return;
        }

        var gone = ids.Distinct().Where(record => Live(list, record) is not null).ToList();
        Check(outcome is RecordsDeleted deleted && deleted.Tombstones.Count == gone.Count, outcome);
        Advance(((RecordsDeleted)outcome).ListStamp, list);
        gone.ForEach(record => rows.Remove(record));
    }

    public async Task DeleteListAsync(string list)
    {
        var outcome = await ExecuteAsync(new DeleteRecord(ObjectRef.Collection(list)));
        if (!lists.ContainsKey(list))
        {
            Check(outcome is Missing, outcome);
            return;
        }

        Check(outcome is RecordDeleted, outcome);
        Advance(((RecordDeleted)outcome).Tombstone.Modified, list);
        lists.Remove(list);
        upload = upload?.List == list ? null : upload;
    }

    public async Task DeleteAllAsync()
    {
        var outcome = await ExecuteAsync(new DeleteRecord(ObjectRef.Bucket));
        if (touched.Count == 0)
        {
            Check(outcome is Missing, outcome);
            return;
        }

        Check(outcome is RecordDeleted, outcome);
        Advance(((RecordDeleted)outcome).Tombstone.Modified, list: null);
        lists.Clear();
        touched.Clear();
        upload = null;
    }

    public async Task ReadAsync(string list, string record)
    {
        var outcome = await ExecuteAsync(new ReadRecord(ObjectRef.Record(list, record)));
        if (Live(list, record) is { } row)
        {
            Check(outcome is RecordFound found && Text(found.Record) == row.Text(record), outcome);
        }
        else
        {
            SeenExpired += lists.GetValueOrDefault(list)?.ContainsKey(record) == true ? 1 : 0;
            Check(outcome is Missing, outcome);
        }
    }

    public async Task PagesAsync(string list, int order, int limit, int newer)
    {
        long? after = newer == 0 ? Stamp(list) : newer == 1 && lists.TryGetValue(list, out var some) && some.Count > 0 ? some.Values.First().Modified : null;
        var query = new ListQuery
        {
            Limit = limit,
            Deleted = false,
            After = after is { } lower ? new(lower) : null,
            Sort = order == 1 ? [new SortField("last_modified", Descending: false)] : [],
            HeaviestFirst = order == 2,
        };
        await KnowClockAsync();
        SeenExpired += lists.GetValueOrDefault(list)?.Values.Count(row => !row.IsAlive(Now)) ?? 0;
        var expected = (lists.GetValueOrDefault(list) ?? [])
            .Where(row => row.Value.IsAlive(Now) && !(row.Value.Modified <= after)).Select(row => row.Value.ToRecord(row.Key)).ToList();
        expected.Sort((a, b) => RecordOrder.Compare(query.Order, a, b));
        var found = new List<StoredRecord>();
        PageFound page;
        do
        {
            var outcome = await ExecuteAsync(new ListRecords(ListRef.RecordsOf(list), query));
            Check(outcome is PageFound, outcome);
            page = (PageFound)outcome;
            Check(page.ListStamp.Milliseconds == Stamp(list), outcome);
            found.AddRange(page.Records);
            query = query with { Cursor = page.Next is { } next ? next with { ListStamp = PageCursor.Unbounded } : null };
        }
        while (page.Next is not null);

        Check(expected.Select(Text).SequenceEqual(found.Select(Text), StringComparer.Ordinal), new PageFound(found, page.ListStamp, Next: null));
    }

    public async Task ListsAsync(bool exact)
    {
        var outcome = await ExecuteAsync(new ReadLists(exact));
        Check(outcome is ListsFound, outcome);
        var found = (ListsFound)outcome;
        var expected = lists.OrderBy(static list => list.Key, StringComparer.Ordinal).Select(list => new ListSummary(
            list.Key,
            new(Stamp(list.Key)),
            list.Value.Values.Count(row => row.IsAlive(Now)),
            list.Value.Values.Where(row => row.IsAlive(Now)).Sum(static row => row.Size))).ToList();
        var actual = exact ? found.Lists : [.. found.Lists.Zip(expected, static (a, b) => a with { Count = b.Count, Bytes = b.Bytes })];
        Check(expected.SequenceEqual(actual) && expected.Count == found.Lists.Count, outcome);
        Check(found.Stamp.Milliseconds == touched.Values.DefaultIfEmpty().Max(), outcome);
    }

    public Task PassAsync(int milliseconds)
    {
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        log.Add($"{milliseconds} ms pass");
        return Task.CompletedTask;
    }

    public Task JumpAsync(int milliseconds)
    {
        // What had expired must not come back: readers judge by the bucket's clock too, which the next write moves.
        if (milliseconds > 0)
        {
            time.JumpWallClock(TimeSpan.FromMilliseconds(milliseconds));
            log.Add($"the wall clock jumps by {milliseconds} ms");
        }

        return Task.CompletedTask;
    }

    public Task EvictAsync()
    {
        time.Advance(IdleTimeout + TimeSpan.FromMinutes(1));
        buckets.EvictIdle();
        log.Add("the owner leaves memory");
        return Task.CompletedTask;
    }

    /// <summary>What has expired goes; nothing of that shows.</summary>
    public async Task SweepAsync()
    {
        foreach (var list in new[] { "a", "b" })
        {
            var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(Caller.System, [new ExpireRecords(ListRef.RecordsOf(list), 2)]), CancellationToken.None);
            log.Add($"sweep of {list}: {response.Outcomes[0]}");
        }
    }

    public Task FailNextAsync()
    {
        store.Next = CommitFault.Before;
        log.Add("the next commit is not executed");
        return Task.CompletedTask;
    }

    public void Dispose() => buckets.Dispose();

    private void Applied(string list, IReadOnlyList<RecordChange> changes, bool hasQuota, bool restamps, Outcome outcome)
    {
        // :: Step 1: what would be there.
        var rows = new Dictionary<string, Row>(lists.GetValueOrDefault(list) ?? [], StringComparer.Ordinal);
        var stamp = outcome is RecordsMerged merged ? merged.ListStamp.Milliseconds : Now;
        foreach (var change in changes)
        {
            var live = rows.TryGetValue(change.Id, out var row) && row.IsAlive(stamp) ? row : null;
            rows[change.Id] = new Row(
                restamps || live is null || change.Body is not null || change.SortIndex is not null ? stamp : live.Modified,
                change.Body?.Length ?? live?.Size ?? 0,
                change.SortIndex ?? live?.SortIndex,
                change.Lifetime is { } seconds ? stamp + (seconds * 1000L) : live?.Expiry);
        }

        // :: Step 2: whether it may be. What a change itself ends counts as data that it brings.
        if (outcome is OverQuota)
        {
            long Total(IEnumerable<Dictionary<string, Row>> of) => of.Sum(records => records.Values.Where(row => row.IsAlive(Now)).Sum(static row => (long)row.Size));
            var after = rows.Where(row => row.Value.IsAlive(Now) || changes.Any(change => change.Id == row.Key)).Sum(static row => (long)row.Value.Size);
            Check(hasQuota && Total(lists.Where(other => other.Key != list).Select(static other => other.Value)) + after > Quota, outcome);
            return;
        }

        Check(outcome is RecordsMerged, outcome);
        Advance(new(stamp), list);
        Merged += changes.Count;
        lists[list] = rows;
    }

    private void Advance(ServerTimestamp stamp, string? list)
    {
        Check(stamp.Milliseconds > clock && stamp.Milliseconds % 10 == 0 && stamp >= ServerTimestamp.Now(time), new RecordsMerged(stamp));
        clock = stamp.Milliseconds;
        if (list is not null)
        {
            touched[list] = clock;
            lists.TryAdd(list, []);
        }
    }

    private long Stamp(string list) => lists.ContainsKey(list) ? touched[list] : 0;

    private Row? Live(string list, string record) =>
        lists.TryGetValue(list, out var rows) && rows.TryGetValue(record, out var row) && row.IsAlive(Now) ? row : null;

    /// <summary>Some writes show no stamp.</summary>
    private async Task KnowClockAsync() => clock = (await store.LoadAsync(id, claim: false, default))?.Clock.Milliseconds ?? clock;

    private async Task<Outcome> ExecuteAsync(Operation operation)
    {
        await KnowClockAsync();
        while (true)
        {
            var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(caller, [operation]), CancellationToken.None);
            var outcome = response.Outcomes[0];
            log.Add($"{operation}: {outcome}");
            if (outcome is not Unavailable)
            {
                return outcome;
            }

            Assert.Equal(Unavailable.StoreFailed, outcome);
        }
    }

    private void Check(bool holds, Outcome outcome)
    {
        if (!holds)
        {
            Assert.Fail($"{string.Join('\n', log)}\nbut the model says otherwise, now is {Now}: {outcome}\n{string.Join('\n', lists.SelectMany(static list => list.Value, static (list, row) => $"{list.Key}/{row.Key}: {row.Value}"))}");
        }
    }

    private static string Text(StoredRecord record) => $"{record.Id}@{record.Modified} {record.Length} {record.SortIndex} {record.Expiry}";

    private sealed record Row(long Modified, int Size, int? SortIndex, long? Expiry)
    {
        public bool IsAlive(long at) => !(Expiry <= at);

        public StoredRecord ToRecord(string id) => new()
        {
            Id = id, Modified = new(Modified), Body = new byte[Size], SortIndex = SortIndex, Expiry = Expiry is { } expiry ? new(expiry) : null,
        };

        public string Text(string id) => ExpiringModelRun.Text(ToRecord(id));
    }

    private sealed record Upload(string Id, string List, IReadOnlyList<RecordChange> Changes)
    {
        public long Ends { get; init; }
    }
}
