using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What was done, and what was, over an engine: against a plain list of all changes, at every stamp.</summary>
public abstract class HistoryContract
{
    private const string Alice = "account:alice";

    private static readonly ObjectRef Milk = ObjectRef.Record("tasks", "milk");
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");

    private readonly FakeTime time = new();

    protected abstract IBucketStore Store { get; }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task History_OfWritesByChance_TellsEachOne_AndEveryStateThatWas(int seed)
    {
        using var buckets = Owners();
        var (id, random, model) = (NewId(), new Random(seed), new HistoryModel());
        await WriteAsync(buckets, id, model, new PutRecord(ObjectRef.Bucket, Body("{}")));
        for (var step = 0; step < 60; step++)
        {
            time.Advance(TimeSpan.FromMilliseconds(random.Next(0, 3)));
            await WriteAsync(buckets, id, model, [.. Enumerable.Range(0, random.Next(1, 5)).SelectMany(_ => Chance(random, model))]);
        }

        Assert.Equal(model.Told, await EntriesAsync(buckets, id));
        foreach (var collection in HistoryModel.Collections)
        {
            foreach (var at in model.Stamps)
            {
                var found = await AsOfAsync(buckets, id, collection, at);
                Assert.Equal($"{seed} {collection}@{at}: {model.AsOf(collection, at)}", $"{seed} {collection}@{at}: {found}");
            }
        }

        // Undo, to any stamp of which it is known what was.
        var (undone, to) = HistoryModel.Collections.SelectMany(_ => model.Stamps, static (collection, at) => (Collection: collection, At: at))
            .Where(one => model.AsOf(one.Collection, one.At) is not "before the horizon").OrderBy(_ => random.Next()).First();
        await UndoAsync(buckets, id, undone, to);
        Assert.Equal($"{seed} {undone}@{to}: {model.AsOf(undone, to)}", $"{seed} {undone}@{to}: {await AsOfAsync(buckets, id, undone, new ServerTimestamp(long.MaxValue / 2))}");
    }

    [Fact]
    public async Task Switch_OfTheBucket_GoesForWhatSaysNothing_AndWhatItWantsKeptIsKept()
    {
        using var buckets = Owners();
        var id = NewId();
        var notes = ObjectRef.Record("notes", "a");
        await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Bucket, Body("""{"keep":false}""")), new PutRecord(notes, Body("{}")));
        await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), Body("""{"keep":true}""")), new PutRecord(Milk, Body("{}")), new PutRecord(notes, Body("{}")));
        Assert.Equal(["Create Self", "Create Collections", "Create Records"], await KindsAsync(buckets, id));

        await ExecuteAsync(
            buckets, id, new PutRecord(ObjectRef.Bucket, Body("""{"keep":true}""")), new PutRecord(ObjectRef.Collection("tasks"), Body("""{"keep":false}""")), new PutRecord(Milk, Body("{}")));
        Assert.Equal(["Update Self", "Update Collections", "Update Records"], (await KindsAsync(buckets, id)).Skip(3));

        // From another process on it is the same, and once the bucket says nothing its collections do.
        await buckets.CloseAsync(id, default);
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("{}")), new PutRecord(ObjectRef.Bucket, Body("{}")), new PutRecord(Milk, Body("{}")), new PutRecord(notes, Body("{}")));
        Assert.Equal(["Update Records", "Update Self", "Update Records"], (await KindsAsync(buckets, id)).Skip(6));
        await ExecuteAsync(buckets, id, new DeleteRecord(ObjectRef.Collection("tasks")), new PutRecord(Milk, Body("{}")));
        Assert.Equal(["Create Collections", "Create Records"], (await KindsAsync(buckets, id)).Skip(9));
    }

    [Fact]
    public async Task Switch_OfTheProtocol_GoesForAllThatSayNothing_AndForAllWhereNobodyMaySay()
    {
        var id = NewId();
        using (var asked = new InProcessBuckets(Store, new BucketOptions(), time, history: new PlainHistoryForm { KeepsByDefault = false }))
        {
            await ExecuteAsync(asked, id, new PutRecord(ObjectRef.Record("notes", "a"), Body("{}")));
            await ExecuteAsync(asked, id, new PutRecord(ObjectRef.Collection("tasks"), Body("""{"keep":true}""")), new PutRecord(Milk, Body("{}")));
            Assert.Equal(["Create Collections", "Create Records"], await KindsAsync(asked, id));
            await asked.CloseAsync(id, default);
        }

        using var always = new InProcessBuckets(Store, new BucketOptions(), time, history: new PlainHistoryForm { LetsChoose = false });
        await ExecuteAsync(always, id, new PutRecord(ObjectRef.Collection("tasks"), Body("""{"keep":false}""")), new PutRecord(Milk, Body("{}")));
        Assert.Equal(["Update Collections", "Update Records"], (await KindsAsync(always, id)).Skip(2));
    }

    [Fact]
    public async Task ReadAsOf_WhatChangedTwiceInOneTurn_IsWhatWasInBetween()
    {
        using var buckets = Owners();
        var id = NewId();
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":1}""")));

        var outcomes = await ExecuteAsync(
            buckets, id, new PutRecord(Milk, Body("""{"n":2}""")), new DeleteRecord(Milk), new PutRecord(Milk, Body("""{"n":3}""")));

        Assert.Equal("""milk={"n":2}""", await AsOfAsync(buckets, id, "tasks", StampOf(outcomes[0])));
        Assert.Equal("", await AsOfAsync(buckets, id, "tasks", StampOf(outcomes[1])));
        Assert.Equal("""milk={"n":3}""", await AsOfAsync(buckets, id, "tasks", StampOf(outcomes[2])));
        Assert.Equal("""milk={"n":1}""", await AsOfAsync(buckets, id, "tasks", StampOf(outcomes[0]).Plus(-1)));
    }

    /// <summary>The first state that is left may be of later than what is asked for.</summary>
    [Fact]
    public async Task ReadAsOf_WhoseStatesAreTakenOutBetweenItsReads_IsRefused()
    {
        var store = new WatchedStore(Store);
        using var buckets = new InProcessBuckets(store, new BucketOptions { History = new HistoryOptions { MaxBytes = 20_000 } }, time, history: new PlainHistoryForm());
        var id = NewId();
        var at = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("{}"))))[0]);
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":2}""")));
        var former = (await Store.LoadAsync(id, claim: false, default))![ListRef.FormerOf("tasks")].Key;
        store.BeforeScanOf(former, async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                await ExecuteAsync(buckets, id, new PutRecord(Milk, Body($$"""{"n":"{{new string('x', 1_000)}}"}""")));
            }
        });

        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", at));
    }

    [Fact]
    public async Task ReadAsOf_OfStatesThatWereLong_EndsItsPagesWithTheirBytes()
    {
        using var buckets = Owners();
        var id = NewId();
        var at = ServerTimestamp.Zero;
        foreach (var body in new[] { $$"""{"n":"{{new string('x', 1_000)}}"}""", "{}" })
        {
            var outcomes = await ExecuteAsync(buckets, id, [.. Enumerable.Range(0, 10).Select(i => new PutRecord(ObjectRef.Record("tasks", $"r{i}"), Body(body)))]);
            at = at == ServerTimestamp.Zero ? StampOf(outcomes[^1]) : at;
        }

        var pages = new List<string>();
        for (var read = new ReadAsOf(Tasks, at) { Limit = 100, MaxBytes = 2_500 }; ;)
        {
            var page = (PageFound)(await ExecuteAsync(buckets, id, read))[0];
            pages.Add(string.Join(' ', page.Records.Select(static record => record.Id)));
            if (page.Next is null)
            {
                break;
            }

            read = read with { AfterId = page.Next.Id };
        }

        Assert.Equal(["r0 r1 r2", "r3 r4 r5", "r6 r7 r8", "r9"], pages);
    }

    /// <summary>Each entry names whoever the collection does.</summary>
    [Fact]
    public async Task Delete_AndUndo_InACollectionOfManyReaders_WriteSoManyRowsOfTheIndexAtOnce()
    {
        var store = new WatchedStore(Store);
        using var buckets = new InProcessBuckets(store, new BucketOptions(), time, history: new PlainHistoryForm());
        var id = NewId();
        await ShareAsync(buckets, id);
        var at = StampOf((await ExecuteAsync(buckets, id, [.. Enumerable.Range(0, 200).Select(static i => new PutRecord(ObjectRef.Record("tasks", $"r{i:000}"), Body("{}")))]))[^1]);
        store.MostGrants = 0;

        var deleted = 0;
        for (var query = new ListQuery { Limit = 2_000 }; ;)
        {
            var step = (RecordsDeleted)(await ExecuteAsync(buckets, id, new DeleteRecords(Tasks, query)))[0];
            deleted += step.Tombstones.Count;
            if (step.Next is null)
            {
                break;
            }

            query = query with { Cursor = step.Next };
        }

        Assert.Equal(200, deleted);
        Assert.InRange(store.MostGrants, 1_000, 5_000);
        var page = (PageFound)(await ExecuteAsync(buckets, id, new ReadAsOf(Tasks, at) { Limit = 1_000, OnlyChanged = true }))[0];
        Assert.InRange(page.Records.Count, 50, 100);
        Assert.NotNull(page.Next);
    }

    [Fact]
    public async Task ReadAsOf_BeforeTheLastChangeThatWasNotKept_IsRefused_AndAfterItAnswered()
    {
        using var buckets = Owners();
        var id = NewId();
        var first = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":1}"""))))[0]);
        var second = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":2}"""))))[0]);
        Assert.Equal("""milk={"n":1}""", await AsOfAsync(buckets, id, "tasks", first));

        // Another process, which keeps no history.
        await buckets.CloseAsync(id, default);
        var gap = ServerTimestamp.Zero;
        using (var others = new InProcessBuckets(Store, new BucketOptions(), time))
        {
            gap = StampOf((await ExecuteAsync(others, id, new PutRecord(Milk, Body("""{"n":3}"""))))[0]);
            await others.CloseAsync(id, default);
        }

        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", second));
        Assert.Equal("""milk={"n":3}""", await AsOfAsync(buckets, id, "tasks", gap));
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":4}""")));
        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", gap.Plus(-1)));
        Assert.Equal("""milk={"n":3}""", await AsOfAsync(buckets, id, "tasks", gap));
    }

    [Fact]
    public async Task ReadAsOf_ByWhomNothingIsKept_MovesTheHorizonOfThatCollectionAlone()
    {
        using var buckets = new InProcessBuckets(Store, new BucketOptions(), time, history: new PlainHistoryForm { Excluded = "account:importer" });
        var id = NewId();
        var note = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("{}")), new PutRecord(ObjectRef.Record("notes", "a"), Body("{}"))))[1]);
        await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("notes", "a"), Body("""{"n":2}""")));
        var importer = new Caller(new("account:importer"), BucketAccess.Own);
        var hidden = StampOf((await buckets.Get(id).ExecuteAsync(new BucketRequest(importer, [new PutRecord(Milk, Body("""{"n":2}"""))]), default)).Outcomes[0]);
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":3}""")));

        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", hidden.Plus(-1)));
        Assert.Equal("""milk={"n":2}""", await AsOfAsync(buckets, id, "tasks", hidden));
        Assert.Equal("a={}", await AsOfAsync(buckets, id, "notes", note));
        Assert.DoesNotContain(await EntriesAsync(buckets, id), static entry => entry.Contains("importer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trim_ByCount_KeepsTheNewest_AndMovesTheHorizon()
    {
        using var buckets = Owners(new HistoryOptions { MaxEntries = 10 });
        var id = NewId();
        var stamps = new List<ServerTimestamp>();
        for (var i = 0; i < 300; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            stamps.Add(StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body($$"""{"n":{{i}}}"""))))[0]));
        }

        var entries = await EntriesAsync(buckets, id);
        Assert.InRange(entries.Count, 10, 112);
        Assert.StartsWith($"{stamps[^1]} ", entries[^1]);
        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", stamps[50]));
        Assert.Equal("""milk={"n":290}""", await AsOfAsync(buckets, id, "tasks", stamps[290]));
        Assert.Equal(entries.Count, ((CountFound)(await ExecuteAsync(buckets, id, new CountRecords(ListRef.History, new ListQuery { Limit = 1 })))[0]).Count);
    }

    [Fact]
    public async Task Trim_OfOneUser_LeavesTheEntriesOfOthers_AndWhatWas()
    {
        using var buckets = Owners(new HistoryOptions { TrimmedUsers = "account:robot", MaxEntriesOfTrimmedUsers = 10 });
        var id = NewId();
        var robot = new Caller(new("account:robot"), BucketAccess.Own);
        var first = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":0}"""))))[0]);
        for (var i = 1; i <= 250; i++)
        {
            if (i % 50 == 0)
            {
                await ExecuteAsync(buckets, id, new PutRecord(Milk, Body($$"""{"n":{{i}}}""")));
            }

            await buckets.Get(id).ExecuteAsync(new BucketRequest(robot, [new PutRecord(Milk, Body($$"""{"n":{{i}}}"""))]), default);
        }

        var entries = await EntriesAsync(buckets, id);
        Assert.Equal(3 + 5, entries.Count(static entry => entry.EndsWith("by account:alice", StringComparison.Ordinal)));
        Assert.InRange(entries.Count(static entry => entry.EndsWith("by account:robot", StringComparison.Ordinal)), 10, 110);
        Assert.EndsWith("by account:robot", entries[^1], StringComparison.Ordinal);
        Assert.Equal("""milk={"n":0}""", await AsOfAsync(buckets, id, "tasks", first));
        Assert.Equal(entries.Count, (await Store.LoadAsync(id, claim: false, default))![ListRef.History].Count);
    }

    [Fact]
    public async Task Trim_ByBytes_KeepsNoMoreThanATenthBeyond()
    {
        using var buckets = Owners(new HistoryOptions { MaxBytes = 20_000 });
        var id = NewId();
        for (var i = 0; i < 60; i++)
        {
            await ExecuteAsync(buckets, id, new PutRecord(Milk, Body($$"""{"n":"{{new string('x', 1_000)}}"}""")));
        }

        var heads = await Store.LoadAsync(id, claim: false, default);
        Assert.InRange(heads![ListRef.FormerOf("tasks")].Bytes, 18_000, 23_100);
        Assert.True(heads[ListRef.FormerOf("tasks")].Horizon > ServerTimestamp.Zero);
        Assert.Equal(62, (await EntriesAsync(buckets, id)).Count);
    }

    /// <summary>The longest goes first, whichever is written to.</summary>
    [Fact]
    public async Task Trim_OfManyCollections_IsBoundedForAllOfThemTogether()
    {
        using var buckets = Owners(new HistoryOptions { MaxBytes = 20_000 });
        var id = NewId();
        for (var i = 0; i < 30; i++)
        {
            await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("long", "r"), Body($$"""{"n":"{{new string('x', 500)}}"}""")));
        }

        for (var i = 0; i < 40; i++)
        {
            await ExecuteAsync(buckets, id, [.. Enumerable.Range(0, 4).Select(static c => new PutRecord(ObjectRef.Record($"c{c}", "r"), Body($$"""{"n":"{{new string('x', 100)}}"}""")))]);
        }

        var heads = (await Store.LoadAsync(id, claim: false, default))!;
        var kept = heads.Lists.Values.Where(static head => head.List.Role == ListRole.Former).ToList();
        Assert.InRange(kept.Sum(static head => head.Bytes), 18_000, 22_500);
        Assert.InRange(kept.Max(static head => head.Bytes), 3_000, 6_000);
        foreach (var head in kept)
        {
            var rows = await Store.ScanAsync(new RecordScan(heads.Key, head.Key, new ListQuery { Limit = 1_000 }, 1_000, long.MaxValue), default);
            Assert.Equal(head.Bytes, rows.Records.Sum(static row => (long)row.Length));
        }
    }

    [Fact]
    public async Task Trim_ByAge_TakesOutWhatIsOlder_WithTheNextWrites()
    {
        using var buckets = Owners(new HistoryOptions { MaxAge = TimeSpan.FromDays(20) });
        var id = NewId();
        var old = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":1}"""))))[0]);
        time.Advance(TimeSpan.FromDays(15));
        var kept = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":2}"""))))[0]);
        Assert.Equal("""milk={"n":1}""", await AsOfAsync(buckets, id, "tasks", old));
        time.Advance(TimeSpan.FromDays(10));

        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":3}""")));
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":4}""")));

        var entries = await EntriesAsync(buckets, id);
        Assert.Equal(3, entries.Count);
        Assert.StartsWith($"{kept} ", entries[0]);
        Assert.Equal("""milk={"n":2}""", await AsOfAsync(buckets, id, "tasks", kept));
        time.Advance(TimeSpan.FromDays(15));
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":5}""")));
        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", old));
    }

    /// <summary>Many rows come in one turn, and each names many.</summary>
    [Fact]
    public async Task Trim_OfACollectionOfManyReaders_KeepsUp()
    {
        using var buckets = Owners(new HistoryOptions { MaxEntries = 10 });
        var id = NewId();
        await ShareAsync(buckets, id);
        for (var turn = 0; turn < 5; turn++)
        {
            await ExecuteAsync(buckets, id, [.. Enumerable.Range(0, 200).Select(static i => new PutRecord(ObjectRef.Record("tasks", $"r{i}"), Body("{}")))]);
        }

        // What the last turn has written is taken out by the next.
        Assert.InRange((await EntriesAsync(buckets, id)).Count, 10, 211);
    }

    [Fact]
    public async Task Trim_ByAge_OfVeryMany_KeepsUpWithTheWrites()
    {
        using var buckets = Owners(new HistoryOptions { MaxAge = TimeSpan.FromDays(20) });
        var id = NewId();
        await PutAsync(1_500);
        time.Advance(TimeSpan.FromDays(25));
        await PutAsync(1);
        time.Advance(TimeSpan.FromMinutes(1));

        await PutAsync(200);

        Assert.Equal(201, (await EntriesAsync(buckets, id)).Count);

        async Task PutAsync(int count)
        {
            foreach (var some in Enumerable.Range(0, count).Chunk(500))
            {
                await ExecuteAsync(buckets, id, [.. some.Select(static i => new PutRecord(ObjectRef.Record("tasks", $"r{i}"), Body("{}")))]);
            }
        }
    }

    [Fact]
    public async Task Delete_OfEntries_ForgetsWhatWas_AndGoesOnFromThen()
    {
        using var buckets = Owners();
        var id = NewId();
        var first = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":1}"""))))[0]);
        var second = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":2}"""))))[0]);

        var deleted = (RecordsDeleted)(await ExecuteAsync(buckets, id, new DeleteRecords(ListRef.History, new ListQuery { Limit = 100 })))[0];

        // The bucket, the collection, and two states of the record.
        Assert.Equal(4, deleted.Tombstones.Count);
        Assert.Empty(await EntriesAsync(buckets, id));
        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", first));
        Assert.Equal("""milk={"n":2}""", await AsOfAsync(buckets, id, "tasks", second));
        await ExecuteAsync(buckets, id, new DeleteRecord(Milk));
        Assert.Equal("""milk={"n":2}""", await AsOfAsync(buckets, id, "tasks", second));
        Assert.Single(await EntriesAsync(buckets, id));
    }

    [Fact]
    public async Task Bucket_ThatIsDeleted_TakesItsHistoryAlong_AndBeginsAnew()
    {
        using var buckets = Owners();
        var id = NewId();
        var first = StampOf((await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":1}"""))))[0]);
        await ExecuteAsync(buckets, id, new DeleteRecord(ObjectRef.Bucket));

        Assert.Empty(await EntriesAsync(buckets, id));
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":2}""")));
        Assert.Equal(3, (await EntriesAsync(buckets, id)).Count);
        Assert.Equal("before the horizon", await AsOfAsync(buckets, id, "tasks", first));
    }

    [Fact]
    public async Task OnlyChanged_IsWhatIsOtherwiseNow_AndWhatWasNotThereAsATombstone()
    {
        using var buckets = Owners();
        var id = NewId();
        var at = StampOf((await ExecuteAsync(
            buckets, id, new PutRecord(ObjectRef.Record("tasks", "a"), Body("""{"n":1}""")), new PutRecord(ObjectRef.Record("tasks", "b"), Body("""{"n":1}""")),
            new PutRecord(ObjectRef.Record("tasks", "c"), Body("""{"n":1}"""))))[^1]);
        await ExecuteAsync(
            buckets, id, new PutRecord(ObjectRef.Record("tasks", "a"), Body("""{"n":2}""")), new DeleteRecord(ObjectRef.Record("tasks", "b")),
            new PutRecord(ObjectRef.Record("tasks", "c"), Body("""{"n":2}""")), new PutRecord(ObjectRef.Record("tasks", "c"), Body("""{"n":1}""")),
            new PutRecord(ObjectRef.Record("tasks", "d"), Body("{}")), new PutRecord(ObjectRef.Record("tasks", "e"), Body("{}")), new DeleteRecord(ObjectRef.Record("tasks", "e")));

        var page = (PageFound)(await ExecuteAsync(buckets, id, new ReadAsOf(Tasks, at) { Limit = 100, OnlyChanged = true }))[0];

        Assert.Equal(["""a={"n":1}""", """b={"n":1}""", "d gone"], page.Records.Select(static record => record.IsTombstone ? $"{record.Id} gone" : Text(record)));
    }

    [Fact]
    public async Task Owner_ThatKeepsNone_WritesNone()
    {
        using var buckets = new InProcessBuckets(Store, new BucketOptions(), time);
        var id = NewId();
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("{}")));
        await ExecuteAsync(buckets, id, new PutRecord(Milk, Body("""{"n":2}""")));

        var heads = await Store.LoadAsync(id, claim: false, default);

        Assert.DoesNotContain(heads!.Lists.Keys, static list => list.Role is ListRole.History or ListRole.Former);
    }

    private InProcessBuckets Owners(HistoryOptions? options = null) =>
        new(Store, new BucketOptions { History = options ?? new HistoryOptions() }, time, history: new PlainHistoryForm());

    private static async Task ShareAsync(InProcessBuckets buckets, BucketId id)
    {
        var readers = Enumerable.Range(0, 60).Select(static i => $"account:u{i}#{100 + i}").ToArray();
        Assert.IsType<RecordWritten>((await ExecuteAsync(
            buckets, id, new PutRecord(ObjectRef.Collection("tasks"), Body("{}")) { Access = new AccessChange([new AccessEdit(AccessEditKind.Set, Right.Read, readers)]) }))[0]);
    }

    private static IEnumerable<Operation> Chance(Random random, HistoryModel model)
    {
        var collection = HistoryModel.Collections[random.Next(HistoryModel.Collections.Count)];
        if (model.Begin(collection))
        {
            yield return new PutRecord(ObjectRef.Collection(collection), Body("{}"));
        }

        var target = ObjectRef.Record(collection, "abcd"[random.Next(4)].ToString());
        switch (random.Next(20))
        {
            case 2:
                yield return new PutRecord(ObjectRef.Collection(collection), Body(random.Next(2) == 0 ? """{"keep":false}""" : "{}"));
                break;
            case 0:
                model.End(collection);
                yield return new DeleteRecord(ObjectRef.Collection(collection));
                break;
            case 1:
                yield return new DeleteRecords(target.List, new ListQuery { Limit = random.Next(1, 4) });
                break;
            case < 6:
                yield return new DeleteRecord(target);
                break;
            default:
                yield return new PutRecord(target, Body($$"""{"n":{{random.Next(1_000)}}}"""));
                break;
        }
    }

    private async Task WriteAsync(InProcessBuckets buckets, BucketId id, HistoryModel model, params Operation[] operations)
    {
        var outcomes = await ExecuteAsync(buckets, id, operations);
        for (var i = 0; i < operations.Length; i++)
        {
            model.Add(operations[i], outcomes[i]);
        }
    }

    private static async Task<IReadOnlyList<Outcome>> ExecuteAsync(InProcessBuckets buckets, BucketId id, params Operation[] operations) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(new Caller(new(Alice), BucketAccess.Own), operations), default)).Outcomes;

    private static async Task<List<string>> EntriesAsync(InProcessBuckets buckets, BucketId id)
    {
        var page = Assert.IsType<PageFound>(
            (await ExecuteAsync(buckets, id, new ListRecords(ListRef.History, new ListQuery { Sort = [new SortField("last_modified", Descending: false)], Limit = 10_000 })))[0]);
        return [.. page.Records.Select(static record => $"{record.Modified} {Encoding.UTF8.GetString(record.Body.Span)["{\"what\":\"".Length..^2]}")];
    }

    /// <returns>Without what they are about.</returns>
    private static async Task<IEnumerable<string>> KindsAsync(InProcessBuckets buckets, BucketId id) =>
        (await EntriesAsync(buckets, id)).Select(static entry => string.Join(' ', entry.Split(' ').Skip(1).Take(2)));

    /// <summary>As protocols do it: what is otherwise now, as it was.</summary>
    private static async Task UndoAsync(InProcessBuckets buckets, BucketId id, string collection, ServerTimestamp at)
    {
        var list = ListRef.RecordsOf(collection);
        for (string? after = null; ;)
        {
            var page = Assert.IsType<PageFound>((await ExecuteAsync(buckets, id, new ReadAsOf(list, at) { AfterId = after, Limit = 2, OnlyChanged = true }))[0]);
            if (page.Records.Count > 0)
            {
                await ExecuteAsync(buckets, id, [.. page.Records.Select(record => record.IsTombstone
                    ? (Operation)new DeleteRecord(new ObjectRef(list, record.Id)) : new PutRecord(new ObjectRef(list, record.Id), record.Body))]);
            }

            if (page.Next is null)
            {
                return;
            }

            after = page.Next.Id;
        }
    }

    /// <summary>Page by page.</summary>
    private static async Task<string> AsOfAsync(InProcessBuckets buckets, BucketId id, string collection, ServerTimestamp at)
    {
        var found = new List<string>();
        for (string? after = null; ;)
        {
            var outcome = (await ExecuteAsync(buckets, id, new ReadAsOf(ListRef.RecordsOf(collection), at) { AfterId = after, Limit = 2 }))[0];
            if (outcome is Invalid)
            {
                return "before the horizon";
            }

            var page = Assert.IsType<PageFound>(outcome);
            found.AddRange(page.Records.Select(Text));
            if (page.Next is null)
            {
                return string.Join(' ', found);
            }

            after = page.Next.Id;
        }
    }

    private static string Text(StoredRecord record) => $"{record.Id}={Encoding.UTF8.GetString(record.Body.Span)}";

    private static ServerTimestamp StampOf(Outcome outcome) => outcome switch
    {
        RecordWritten written => written.Record.Modified,
        RecordDeleted deleted => deleted.Tombstone.Modified,
        _ => throw new InvalidOperationException($"{outcome} has no stamp."),
    };

    private static byte[] Body(string json) => Encoding.UTF8.GetBytes(json);

    private static BucketId NewId() => BucketId.DefaultBucket(Guid.NewGuid().ToString("N"));

    /// <summary>Does something before a scan, once, and says how many rows of the index of principals commits have.</summary>
    private sealed class WatchedStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private (int List, Func<Task> Run)? before;

        /// <summary>Of the largest commit.</summary>
        public int MostGrants { get; set; }

        public void BeforeScanOf(int list, Func<Task> run) => before = (list, run);

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            if (before is { } once && once.List == scan.List)
            {
                before = null;
                await once.Run();
            }

            return await base.ScanAsync(scan, cancellationToken);
        }

        public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            MostGrants = Math.Max(MostGrants, commit.Grants.Count);
            return base.CommitAsync(commit);
        }
    }
}
