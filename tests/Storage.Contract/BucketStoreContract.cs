using System.Text;
using CsCheck;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IBucketStore"/> must do. Each engine inherits it.</summary>
public abstract class BucketStoreContract
{
    private const int List = 5;
    private static readonly ListRef Records = ListRef.RecordsOf("tasks");

    protected abstract IBucketStore Store { get; }

    protected abstract IBucketIndex Index { get; }

    protected abstract IStoreMaintenance Maintenance { get; }

    [Fact]
    public async Task Load_NeverWritten_IsNull() => Assert.Null(await Store.LoadAsync(NewId(), claim: false, default));

    [Fact]
    public async Task Commit_NewBucket_IsReadBackWhole()
    {
        var id = NewId();
        var heads = First(id) with { Author = "account:alice", Base = new(7), NextKey = 9, Exists = true };
        var head = Head(stamp: 100) with { Count = 3, Bytes = 44, Horizon = new(5), NextExpiry = new(9_000), Touched = new(101) };
        var record = new StoredRecord
        {
            Id = "a-1",
            Modified = new(100),
            Body = """{"title":"ü\u0000"}"""u8.ToArray(),
            Author = "account:alice",
            Acl = "{\"read\":[]}"u8.ToArray(),
            SortIndex = -3,
            Expiry = new(9_000),
        };

        var outcome = await Store.CommitAsync(Commit(heads, [head], record));

        Assert.Equal(CommitStatus.Done, outcome.Status);
        var loaded = await Store.LoadAsync(id, claim: false, default);
        Assert.NotNull(loaded);
        Assert.Equal(heads with { Row = outcome.Row, Lease = outcome.Lease, Incarnation = outcome.Incarnation, Lists = loaded.Lists }, loaded);
        Assert.Equal(head, Assert.Single(loaded.Lists).Value);
        var read = await Store.ReadAsync(new BucketKey(id, outcome.Row), [new RecordKey(List, "a-1"), new RecordKey(List, "A-1"), new RecordKey(4, "a-1")], Projection.Whole, default);
        AssertSame(record, Assert.Single(read).Value);
    }

    /// <summary>A large body too, which PostgreSQL keeps beside the row.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(300_000)]
    public async Task Read_OfMetadata_IsAllButTheBody_WhoseLengthIsKnown(int size)
    {
        var record = new StoredRecord { Id = "a", Modified = new(100), Body = new byte[size], Author = "account:alice", Acl = "{}"u8.ToArray(), SortIndex = 3, Expiry = new(9_000) };
        var gone = StoredRecord.Tombstone("b", new(99), "account:alice");
        var (_, key) = await SeedAsync(record, gone);

        var read = await Store.ReadAsync(key, [new RecordKey(List, "a"), new RecordKey(List, "b"), new RecordKey(List, "c")], Projection.Metadata, default);
        var query = new ListQuery { Limit = 10, Since = new(1), Projection = Projection.Metadata };
        var scanned = await Store.ScanAsync(new RecordScan(key, List, query, 10, long.MaxValue), default);
        var bounded = await Store.ScanAsync(new RecordScan(key, List, query, 10, size), default);

        foreach (var rows in (IReadOnlyList<StoredRecord>[])[[read[new(List, "a")], read[new(List, "b")]], scanned.Records])
        {
            Assert.Equal([size, 0], rows.Select(row => row.Length));
            Assert.All(rows, row => Assert.Equal((true, row.Length), (row.Body.IsEmpty, row.UnreadLength)));
            AssertSame(record, rows[0] with { Body = record.Body, UnreadLength = null });
            Assert.Equal(gone, rows[1] with { UnreadLength = null });
        }

        Assert.Equal(2, read.Count);
        Assert.Equal(["a"], bounded.Records.Select(row => row.Id));
    }

    /// <summary>So that it can be read once there is room for it.</summary>
    [Fact]
    public async Task Read_OfAnOutline_LeavesOutWhatIsLong_AndSaysHowLongThatIs()
    {
        var small = Row("a", 100, "{}") with { Acl = new byte[StoredRecord.ShortAcl], Author = "account:alice" };
        var large = Row("b", 99, "{}") with { Acl = new byte[StoredRecord.ShortAcl + 1], Author = "account:alice" };
        var gone = StoredRecord.Tombstone("c", new(98), "account:alice") with { Acl = new byte[70_000] };
        var none = Row("d", 97, "{}");
        var (_, key) = await SeedAsync(small, large, gone, none);
        RecordKey[] keys = [new(List, "a"), new(List, "b"), new(List, "c"), new(List, "d"), new(List, "e")];

        var read = await Store.ReadAsync(key, keys, Projection.Outline, default);
        var whole = await Store.ReadAsync(key, keys, Projection.Metadata, default);

        Assert.Equal(4, read.Count);
        Assert.Equal([null, StoredRecord.ShortAcl + 1, 70_000, null], keys[..4].Select(at => read[at].UnreadAclLength));
        Assert.Equal([StoredRecord.ShortAcl, null, null, null], keys[..4].Select(at => read[at].Acl?.Length));
        Assert.Equal([2, 2, 0, 2], keys[..4].Select(at => read[at].Length));
        Assert.All(keys[..4], at => Assert.True(read[at].Body.IsEmpty));
        Assert.All(keys[..4], at => Assert.Equal((read[at].Size, null), (whole[at].Size, whole[at].UnreadAclLength)));
        Assert.All(keys[..4], at => Assert.Equal((read[at].Modified, read[at].IsTombstone, read[at].Author), (whole[at].Modified, whole[at].IsTombstone, whole[at].Author)));
    }

    [Fact]
    public async Task Scan_OfWhatAListShows_IsAllButTheAuthor_AndWhatItSaysOfRights()
    {
        var record = new StoredRecord { Id = "a", Modified = new(100), Body = "{}"u8.ToArray(), Author = "account:alice", Acl = "{}"u8.ToArray(), SortIndex = 3, Expiry = new(9_000) };
        var (_, key) = await SeedAsync(record);

        foreach (var maxBytes in (long[])[100, long.MaxValue])
        {
            var rows = await Store.ScanAsync(new RecordScan(key, List, new ListQuery { Limit = 10, Projection = Projection.Listed }, 10, maxBytes), default);

            Assert.Null(Assert.Single(rows.Records).UnreadLength);
            Assert.Null(rows.Records[0].Acl);
            AssertSame(record with { Author = null }, rows.Records[0] with { Acl = record.Acl });
        }
    }

    [Fact]
    public async Task Commit_SameNewBucketTwice_SecondIsStaleAndWritesNothing()
    {
        var id = NewId();
        var first = await Store.CommitAsync(Commit(First(id), [Head(100)], Row("a", 100, "1")));
        var second = await Store.CommitAsync(Commit(First(id) with { Clock = new(200) }, [Head(200)], Row("a", 200, "2"), Row("b", 200, "2")));

        Assert.Equal(CommitStatus.Done, first.Status);
        Assert.Equal(CommitStatus.Stale, second.Status);
        Assert.Equal(new ServerTimestamp(100), (await Store.LoadAsync(id, claim: false, default))!.Clock);
        Assert.Equal(["a:100:1"], await RowsAsync(new BucketKey(id, first.Row)));
    }

    [Fact]
    public async Task Commit_FromAnOldVersion_IsStaleAndWritesNothing()
    {
        var (heads, key) = await SeedAsync(Row("a", 100, "1"));
        Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(Commit(Next(heads, 200), [Head(200)], Row("a", 200, "2")))).Status);

        var stale = await Store.CommitAsync(Commit(Next(heads, 300), [Head(300)], Row("a", 300, "3"), Row("b", 300, "3")));

        Assert.Equal(CommitStatus.Stale, stale.Status);
        Assert.Equal(["a:200:2"], await RowsAsync(key));
        Assert.Equal(new ServerTimestamp(200), (await Store.LoadAsync(heads.Id, claim: false, default))!.Lists[Records].RowsModified);
    }

    [Fact]
    public async Task Commit_ClockThatDoesNotRise_IsRefused()
    {
        var (heads, key) = await SeedAsync(Row("a", 100, "1"));

        var outcome = await Store.CommitAsync(Commit(Next(heads, 100), [Head(100)], Row("a", 100, "2")));

        Assert.NotEqual(CommitStatus.Done, outcome.Status);
        Assert.Equal(["a:100:1"], await RowsAsync(key));
    }

    [Fact]
    public async Task Commit_ManyFromOneVersionAtOnce_ExactlyOneHappens()
    {
        var (heads, key) = await SeedAsync();
        var commits = Enumerable.Range(0, 32)
            .Select(i => Task.Run(async () => await Store.CommitAsync(Commit(Next(heads, 200 + i), [Head(200 + i)], Row("a", 200 + i, $"{i}")))));

        var outcomes = await Task.WhenAll(commits);

        Assert.Single(outcomes, outcome => outcome.Status == CommitStatus.Done);
        var winner = Array.FindIndex(outcomes, outcome => outcome.Status == CommitStatus.Done);
        Assert.Equal([$"a:{200 + winner}:{winner}"], await RowsAsync(key));
    }

    [Fact]
    public async Task Commit_OfManyBucketsAtOnce_EachIsItsOwn()
    {
        var ids = Enumerable.Range(0, 64).Select(_ => NewId()).ToArray();

        var outcomes = await Task.WhenAll(ids.Select((id, i) =>
            Task.Run(async () => await Store.CommitAsync(Commit(First(id), [Head(100)], Row("a", 100, $"{i}"))))));

        Assert.All(outcomes, outcome => Assert.Equal(CommitStatus.Done, outcome.Status));
        for (var i = 0; i < ids.Length; i++)
        {
            Assert.Equal([$"a:100:{i}"], await RowsAsync(new BucketKey(ids[i], outcomes[i].Row)));
        }
    }

    [Fact]
    public async Task Commit_RemovesAndReplacesLists()
    {
        var (heads, _) = await SeedAsync();
        var other = Head(150) with { List = ListRef.Collections, Key = 6 };
        var next = Next(heads, 150);
        await Store.CommitAsync(Commit(next, [other]));

        await Store.CommitAsync(Commit(Next(next, 200), [other with { RowsModified = new(200) }]) with { RemovedLists = [Records] });

        var lists = (await Store.LoadAsync(heads.Id, claim: false, default))!.Lists;
        Assert.Equal(new ServerTimestamp(200), Assert.Single(lists).Value.RowsModified);
        Assert.Equal(ListRef.Collections, lists.Single().Key);
    }

    [Theory]
    [InlineData("last_modified", true, "d:400 c:300 b:200 a:100")]
    [InlineData("last_modified", false, "a:100 b:200 c:300 d:400")]
    [InlineData("id", false, "a:100 b:200 c:300 d:400")]
    [InlineData("id", true, "d:400 c:300 b:200 a:100")]
    public async Task Scan_InEachOrder_PagesWithoutGapsOrRepeats(string field, bool descending, string expected)
    {
        var (_, key) = await SeedAsync(Row("c", 300, "3"), Row("a", 100, "1"), Row("d", 400, "4"), Row("b", 200, "2"));
        var query = new ListQuery { Limit = 0, Sort = [new SortField(field, descending)] };
        var seen = new List<string>();
        for (PageCursor? cursor = null; ;)
        {
            var rows = await Store.ScanAsync(new RecordScan(key, List, query with { Cursor = cursor }, 3, long.MaxValue), default);
            seen.AddRange(rows.Records.Select(record => $"{record.Id}:{record.Modified}"));
            if (!rows.More)
            {
                break;
            }

            cursor = new PageCursor(rows.Records[^1].Modified, rows.Records[^1].Id, new(1000));
        }

        Assert.Equal(expected, string.Join(' ', seen));
    }

    [Fact]
    public async Task Scan_EqualStamps_ArePagedById()
    {
        var (_, key) = await SeedAsync(Row("a", 100, "1"), Row("b", 100, "1"), Row("c", 100, "1"));

        var first = await ScanAsync(key, new ListQuery { Limit = 0 }, limit: 2);
        var second = await ScanAsync(key, new ListQuery { Limit = 0, Cursor = new PageCursor(new(100), "b", new(100)) }, limit: 2);

        Assert.Equal(["c", "b"], first.Records.Select(record => record.Id));
        Assert.Equal(["a"], second.Records.Select(record => record.Id));
    }

    [Fact]
    public async Task Scan_Filters_AreAllApplied()
    {
        var (_, key) = await SeedAsync(Row("a", 100, "1"), Row("b", 200, "2"), Row("c", 300, "3"), StoredRecord.Tombstone("x", new(250), null), Row("d", 400, "4"));

        async Task<string> Ids(ListQuery query) => string.Join(' ', (await ScanAsync(key, query)).Records.Select(record => record.Id).Order(StringComparer.Ordinal));
        var all = new ListQuery { Limit = 0 };
        Assert.Equal("a b c d", await Ids(all));
        Assert.Equal("c d x", await Ids(all with { Since = new(200) }));
        Assert.Equal("c d", await Ids(all with { Since = new(200), Deleted = false }));
        Assert.Equal("x", await Ids(all with { Since = new(0), Deleted = true }));
        Assert.Equal("", await Ids(all with { Deleted = true }));
        Assert.Equal("a b x", await Ids(all with { Before = new(300) }));
        Assert.Equal("b x", await Ids(all with { After = new(100), Before = new(300) }));
        Assert.Equal("d", await Ids(all with { Since = new(100), After = new(300) }));
        Assert.Equal("a c", await Ids(all with { Ids = ["a", "c", "x", "none", "\"quote"] }));
        Assert.Equal("b d", await Ids(all with { ExcludedIds = ["a", "c"] }));
        Assert.Equal("b", await Ids(all with { Ids = ["a", "b"], ExcludedIds = ["a"] }));
        Assert.Equal("a b", await Ids(all with { Cursor = new PageCursor(new(999), "z", new(200)), Sort = [new SortField("last_modified", true)] }));
        Assert.Equal(4, (await Store.CountAsync(new RecordScan(key, List, all, 1, 1), default)).Count);
        Assert.Equal(2, (await Store.CountAsync(new RecordScan(key, List, all with { Since = new(200), Deleted = false }, 1, 1), default)).Count);
    }

    [Fact]
    public Task Scan_OfAnyQuery_IsWhatMatchesInOrder_AndSoIsTheCount() => ScanSample.Any.SampleAsync(
        async sample =>
        {
            var (_, key) = await SeedAsync([.. sample.Rows]);
            var scan = new RecordScan(key, List, sample.Query, sample.Limit, sample.MaxBytes);
            var rows = await Store.ScanAsync(scan, default);

            Assert.Equal(Text(sample.Expected.Take(sample.Taken)), Text(rows.Records));
            Assert.Equal(sample.Taken < sample.Expected.Count, rows.More);
            Assert.Equal(sample.Rows.Count(sample.Query.Matches), (await Store.CountAsync(scan, default)).Count);

            static IEnumerable<string> Text(IEnumerable<StoredRecord> records) => records.Select(static record => $"{record.Id}@{record.Modified} {record.IsTombstone} {record.Body.Length}");
        });

    [Fact]
    public async Task Scan_Limits_SayThatThereIsMore()
    {
        var (_, key) = await SeedAsync(Row("a", 100, "0123456789"), Row("b", 200, "0123456789"), Row("c", 300, "0123456789"));
        var query = new ListQuery { Limit = 0 };

        var byCount = await ScanAsync(key, query, limit: 2);
        var byBytes = await ScanAsync(key, query, maxBytes: 12);
        var exact = await ScanAsync(key, query, limit: 3);
        var huge = await ScanAsync(key, query, maxBytes: 1);

        Assert.Equal((2, true), (byCount.Records.Count, byCount.More));
        Assert.Equal((2, true), (byBytes.Records.Count, byBytes.More));
        Assert.Equal((3, false), (exact.Records.Count, exact.More));
        Assert.Equal((1, true), (huge.Records.Count, huge.More));
    }

    [Fact]
    public async Task Scan_StampsAndRows_ComeFromOneSnapshot()
    {
        var (heads, key) = await SeedAsync(Row("a", 100, "0"));
        var scans = 0;
        var writer = Task.Run(async () =>
        {
            for (var i = 1; Volatile.Read(ref scans) < 100; i++)
            {
                heads = Next(heads, 100 + i);
                Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(Commit(heads, [Head(100 + i)], Row("a", 100 + i, $"{i}")))).Status);
            }
        });

        while (scans < 100 && !writer.IsFaulted)
        {
            Interlocked.Increment(ref scans);
            var rows = await ScanAsync(key, new ListQuery { Limit = 0 });
            Assert.Equal(rows.Head!.RowsModified, Assert.Single(rows.Records).Modified);
            Assert.Equal(rows.Version - 1, rows.Head.RowsModified.Milliseconds - 100);
        }

        await writer;
    }

    [Fact]
    public async Task Count_StampAndCount_ComeFromOneSnapshot()
    {
        var (heads, key) = await SeedAsync(Row("r0", 100, "0"));
        var counts = 0;
        var writer = Task.Run(async () =>
        {
            for (var i = 1; Volatile.Read(ref counts) < 100; i++)
            {
                heads = Next(heads, 100 + i);
                Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(Commit(heads, [Head(100 + i)], Row($"r{i}", 100 + i, "1")))).Status);
            }
        });

        while (counts < 100 && !writer.IsFaulted)
        {
            Interlocked.Increment(ref counts);
            var counted = await Store.CountAsync(new RecordScan(key, List, new ListQuery { Limit = 0, Since = new(99) }, 1, 1), default);
            Assert.Equal(counted.Head!.RowsModified.Milliseconds - 100, counted.Count - 1);
            Assert.Equal(counted.Version, counted.Count);
        }

        await writer;
    }

    [Fact]
    public async Task Count_OfAListThatIsGone_HasNoHead()
    {
        var (heads, key) = await SeedAsync(Row("a", 100, "1"));
        await Store.CommitAsync(Commit(Next(heads, 200), [Head(200) with { Key = 0 }]) with { OrphanedKeys = [List] });

        Assert.Null((await Store.CountAsync(new RecordScan(key, List, new ListQuery { Limit = 0 }, 1, 1), default)).Head);
        Assert.Equal(new RecordCount(0, null, 0), await Store.CountAsync(new RecordScan(new BucketKey(NewId(), 0), List, new ListQuery { Limit = 0 }, 1, 1), default));
    }

    [Fact]
    public async Task Scan_ListThatIsGone_HasNoHead()
    {
        var (heads, key) = await SeedAsync(Row("a", 100, "1"));
        await Store.CommitAsync(Commit(Next(heads, 200), [Head(200) with { Key = 0 }]) with { OrphanedKeys = [List] });

        Assert.Null((await ScanAsync(key, new ListQuery { Limit = 0 })).Head);
    }

    [Fact]
    public async Task Purge_RemovesOrphansInSteps_AndNothingElse()
    {
        var (heads, key) = await SeedAsync([.. Enumerable.Range(0, 25).Select(i => Row($"a{i}", 100 + i, "1"))]);
        await Store.CommitAsync(Commit(Next(heads, 300), [Head(300) with { Key = 6 }]) with
        {
            OrphanedKeys = [List],
            Records = [KeyValuePair.Create(6, Row("keep", 300, "1"))],
        });

        var steps = 0;
        while (await Maintenance.PurgeAsync(10, default))
        {
            Assert.True(++steps < 100, "The purge does not end.");
        }

        Assert.True(steps >= 3);
        Assert.Empty(await RowsAsync(key));
        Assert.Single((await Store.ScanAsync(new RecordScan(key, 6, new ListQuery { Limit = 0 }, 10, long.MaxValue), default)).Records);
    }

    [Fact]
    public async Task ListTombstones_GoesFromListToList_AndTellsTheOldestOfEach()
    {
        var (first, key) = await SeedAsync(Row("live", 100, "1"), Tombstone("b", 120), Tombstone("a", 110));
        await Store.CommitAsync(Commit(Next(first, 200), [new ListHead { List = ListRef.Collections, Key = 8, RowsModified = new(200), Touched = new(200) }]) with
        {
            Records = [KeyValuePair.Create(8, Tombstone("tasks", 200)), KeyValuePair.Create(9, Tombstone("of no list", 200))],
        });

        var seen = new List<TombstoneEntry>();
        while (await Index.ListTombstonesAsync(seen.Count == 0 ? null : seen[^1], 2, default) is { Count: > 0 } page)
        {
            Assert.True(page.Count <= 2);
            seen.AddRange(page);
        }

        Assert.Equal(
            [new TombstoneEntry(key.Id, List, Records, new(110)), new TombstoneEntry(key.Id, 8, ListRef.Collections, new(200)), new TombstoneEntry(key.Id, 9, null, new(200))],
            seen.Where(entry => entry.Bucket == key.Id));
        Assert.Equal(seen.Count, seen.Select(entry => (entry.Bucket, entry.Key)).Distinct().Count());
    }

    [Fact]
    public async Task Commit_PurgedRecords_RemovesThoseTombstonesAndNoLiveRow()
    {
        var (heads, key) = await SeedAsync(Row("live", 100, "1"), Tombstone("a", 110), Tombstone("b", 120));

        var outcome = await Store.CommitAsync(Commit(Next(heads, 200), [Head(120) with { Horizon = new(110) }]) with
        {
            PurgedRecords = [new RecordKey(List, "a"), new RecordKey(List, "live"), new RecordKey(List, "nobody")],
        });

        Assert.Equal(CommitStatus.Done, outcome.Status);
        var rows = await Store.ReadAsync(key, [new RecordKey(List, "a"), new RecordKey(List, "b"), new RecordKey(List, "live")], Projection.Whole, default);
        Assert.Equal(["b", "live"], rows.Keys.Select(row => row.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Commit_RemovedRecords_AreGone_WhateverTheyWere()
    {
        var (heads, key) = await SeedAsync(Row("live", 100, "1"), Tombstone("a", 110), Row("b", 120, "2"));

        var outcome = await Store.CommitAsync(Commit(Next(heads, 200), [Head(200)]) with
        {
            RemovedRecords = [new RecordKey(List, "a"), new RecordKey(List, "live"), new RecordKey(List, "nobody"), new RecordKey(4, "b")],
        });

        Assert.Equal(CommitStatus.Done, outcome.Status);
        var rows = await Store.ReadAsync(key, [new RecordKey(List, "a"), new RecordKey(List, "b"), new RecordKey(List, "live")], Projection.Whole, default);
        Assert.Equal("b", Assert.Single(rows).Key.Id);
    }

    [Fact]
    public async Task Commit_Copies_TakeRowsAsTheyWereBeforeIt()
    {
        var (heads, key) = await SeedAsync(Row("a", 100, "1") with { Author = "account:alice", Acl = "{}"u8.ToArray() }, Tombstone("gone", 110), Row("b", 120, "2"));
        const int list = List + 1;

        var outcome = await Store.CommitAsync(Commit(Next(heads, 200), [Head(200), Head(200) with { List = ListRef.FormerOf("tasks"), Key = list }]) with
        {
            Records = [KeyValuePair.Create(List, Row("a", 200, "new")), KeyValuePair.Create(list, Row("written", 200, "x"))],
            RemovedRecords = [new RecordKey(List, "b")],
            Copies =
            [
                new RowCopy(new RecordKey(List, "a"), new RecordKey(list, "a then"), new(200)),
                new RowCopy(new RecordKey(List, "b"), new RecordKey(list, "b then"), new(199)),
                new RowCopy(new RecordKey(List, "gone"), new RecordKey(list, "gone then"), new(200)),
                new RowCopy(new RecordKey(List, "nobody"), new RecordKey(list, "nobody then"), new(200)),
            ],
        });

        Assert.Equal(CommitStatus.Done, outcome.Status);
        var rows = await Store.ScanAsync(new RecordScan(key, list, new ListQuery { Sort = [new SortField("id", Descending: false)], Limit = 9 }, 9, long.MaxValue), default);
        Assert.Equal(["a then", "b then", "written"], rows.Records.Select(static row => row.Id));
        Assert.Equal((new ServerTimestamp(200), "account:alice", null), (rows.Records[0].Modified, rows.Records[0].Author, rows.Records[0].Acl));
        Assert.Equal(Row("a", 100, "1").Body.ToArray(), rows.Records[0].Body.ToArray());
    }

    [Fact]
    public async Task Count_OfWhatHasExpired_SaysItsBytes()
    {
        var (_, key) = await SeedAsync(
            Row("a", 100, "1") with { Expiry = new(500) }, Row("b", 100, "22") with { Expiry = new(501) }, Row("c", 100, "333") with { Expiry = new(502) }, Row("d", 100, "4"));

        var count = await Store.CountAsync(new RecordScan(key, List, new ListQuery { ExpiredBy = new(501), Limit = 1 }, 1, 1), default);

        Assert.Equal((2, 3), (count.Count, count.Bytes));
    }

    [Fact]
    public async Task ListExpiring_IsInTheOrderOfTime_WithinTheBounds()
    {
        // Other tests' lists lie in the same index.
        var from = 4_000_000_000_000 + (Random.Shared.NextInt64(1_000_000_000) * 1_000);
        var ids = new List<BucketId>();
        foreach (var next in new long?[] { from + 3, null, from + 1, from + 2, from + 9 })
        {
            ids.Add(NewId());
            await Store.CommitAsync(Commit(First(ids[^1]), [Head(100) with { NextExpiry = next is { } at ? new(at) : null }]));
        }

        var first = await Index.ListExpiringAsync(new(from), new(from + 3), 2, default);
        var second = await Index.ListExpiringAsync(first[^1].Next, new(from + 3), 2, default);

        Assert.Equal([new ExpiryEntry(ids[2], Records, new(from + 1)), new ExpiryEntry(ids[3], Records, new(from + 2))], first);
        Assert.Equal([new ExpiryEntry(ids[0], Records, new(from + 3))], second);
    }

    [Fact]
    public async Task ListExisting_PagesThroughLiveBuckets()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => NewId()).OrderBy(id => id.Value, StringComparer.Ordinal).ToList();
        foreach (var id in ids)
        {
            await Store.CommitAsync(Commit(First(id) with { Exists = id != ids[2] }, []));
        }

        var seen = new List<BucketId>();
        BucketId? last = null;
        while (await Index.ListExistingAsync(last, 2, default) is { Count: > 0 } page)
        {
            seen.AddRange(page);
            last = page[^1];
        }

        Assert.Equal(seen.OrderBy(id => id.Value, StringComparer.Ordinal), seen);
        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal(ids.Except([ids[2]]), seen.Intersect(ids));
    }

    private const string Alice = "account:alice#7";
    private const string Staff = "/buckets/team/groups/staff";

    [Fact]
    public async Task Acl_OfAList_IsKept_AsLongAsTheListIsTheSame()
    {
        var acl = AccessList.Empty.With(Right.Read, [Alice, "system.Everyone"]).WithForeignGroups([Staff]).WithHorizon(new(50));
        var heads = First(NewId());
        var outcome = await Store.CommitAsync(Commit(heads, [Head(100) with { Acl = acl }]));
        heads = heads with { Row = outcome.Row };
        Assert.Equal(acl, (await Store.LoadAsync(heads.Id, claim: false, default))!.Lists[Records].Acl);
        Assert.Equal(acl, (await ScanAsync(new BucketKey(heads.Id, outcome.Row), new ListQuery { Limit = 1 })).Head!.Acl);

        await Store.CommitAsync(Commit(Next(heads, 200), [Head(200)]));
        Assert.Null((await Store.LoadAsync(heads.Id, claim: false, default))!.Lists[Records].Acl);
    }

    [Fact]
    public async Task Grants_AreAddedReplacedAndRemoved_AndFoundByPrincipal()
    {
        var (named, member, changed) = (new GrantKey(List, GrantRelation.Named, Alice, "a"), new GrantKey(List, GrantRelation.Member, Alice, "staff"), new GrantKey(0, GrantRelation.Changed, Alice, ""));
        var (heads, _) = await SeedGrantsAsync((named, new(0)), (member, new(3)), (changed, new(100)), (named with { Principal = Staff }, new(0)));

        Assert.Equal([(named, 0L)], await GrantsAsync(heads.Id, GrantRelation.Named, Alice));
        Assert.Equal([(changed, 100L)], await GrantsAsync(heads.Id, GrantRelation.Changed, Alice, Staff));
        Assert.Empty(await GrantsAsync(heads.Id, GrantRelation.Named, "account:alice"));
        Assert.Empty(await GrantsAsync(NewId(), GrantRelation.Named, Alice));

        // Members count of groups that are there.
        Assert.Empty(await GrantsAsync(heads.Id, GrantRelation.Member, Alice));
        var groups = new ListHead { List = ListRef.Groups, Key = List + 1, RowsModified = new(200), Touched = new(200) };
        var commit = Commit(Next(heads, 200), [groups]) with
        {
            Grants = [new(member with { List = List + 1 }, new(9)), new(named, null), new(changed, new(200))],
        };
        Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(commit)).Status);
        Assert.Equal([(member with { List = List + 1 }, 9L)], await GrantsAsync(heads.Id, GrantRelation.Member, Alice));
        Assert.Empty(await GrantsAsync(heads.Id, GrantRelation.Named, Alice));
        Assert.Equal([(changed, 200L)], await GrantsAsync(heads.Id, GrantRelation.Changed, Alice));
    }

    [Fact]
    public async Task Grants_OfAnObjectThatNamesMany_AreAddedReplacedAndRemoved()
    {
        string[] names = [.. Enumerable.Range(0, 40).Select(static i => $"account:\"ñ\\{i}'"), "", "é", Alice];
        static GrantKey Key(string principal, string id) => new(List, GrantRelation.Named, principal, id);
        var (heads, _) = await SeedGrantsAsync([.. names.Select(name => (Key(name, "a"), new ServerTimestamp(5))), (Key(Alice, "b"), new(5)), (Key(Staff, "a"), new(5))]);
        Assert.Equal(names.Select(name => (Key(name, "a"), 5L)).Append((Key(Alice, "b"), 5L)).ToHashSet(), (await GrantsAsync(heads.Id, GrantRelation.Named, names)).ToHashSet());

        heads = Next(heads, 200);
        Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(Commit(heads, [Head(200)]) with
        {
            Grants = [.. names.Take(20).Select(name => KeyValuePair.Create(Key(name, "a"), (ServerTimestamp?)new ServerTimestamp(7))), .. names.Skip(20).Select(name => KeyValuePair.Create(Key(name, "a"), (ServerTimestamp?)null))],
        })).Status);

        Assert.Equal(
            names.Take(20).Select(name => (Key(name, "a"), 7L)).Append((Key(Alice, "b"), 5L)).Append((Key(Staff, "a"), 5L)).ToHashSet(),
            (await GrantsAsync(heads.Id, GrantRelation.Named, [.. names, Staff])).ToHashSet());
    }

    [Fact]
    public async Task Grants_OfManyBuckets_AreReadAtOnce_AndOfOneListWithWhatIsOfAll()
    {
        var (one, _) = await SeedGrantsAsync((new(0, GrantRelation.Changed, Alice, ""), new(1)), (new(List, GrantRelation.Changed, Alice, ""), new(2)), (new(9, GrantRelation.Changed, Alice, ""), new(3)));
        var (other, _) = await SeedGrantsAsync((new(List, GrantRelation.Changed, Alice, ""), new(4)));

        var all = await Store.ReadGrantsAsync(new GrantScan([one.Id, other.Id], GrantRelation.Changed, [Alice], 100), default);
        var some = await Store.ReadGrantsAsync(new GrantScan([one.Id, other.Id], GrantRelation.Changed, [Alice], 100) { List = List }, default);

        Assert.Equal([1L, 2, 3, 4], all.Select(static grant => grant.Stamp.Milliseconds).Order());
        Assert.Equal([1L, 2, 4], some.Select(static grant => grant.Stamp.Milliseconds).Order());
        Assert.Equal(other.Id, Assert.Single(some, grant => grant.Stamp == new ServerTimestamp(4)).Bucket);
    }

    [Fact]
    public async Task Grants_OfACommitThatIsStale_AreNotThere()
    {
        var (heads, _) = await SeedGrantsAsync();

        var stale = Commit(Next(Next(heads, 200), 300), [Head(300)]) with { Grants = [new(new GrantKey(List, GrantRelation.Named, Alice, "a"), new(0))] };
        Assert.Equal(CommitStatus.Stale, (await Store.CommitAsync(stale)).Status);

        Assert.Empty(await GrantsAsync(heads.Id, GrantRelation.Named, Alice));
    }

    [Fact]
    public async Task Scan_OfSomePrincipals_IsOfTheRowsThatNameThem_EachOnce_InEachOrder()
    {
        var rows = Enumerable.Range(0, 20).Select(i => i % 5 == 0 ? Tombstone($"r{i:00}", 100 + i) : Row($"r{i:00}", 100 + i, "{}")).ToArray();
        var heads = First(NewId());
        var commit = Commit(heads, [Head(200)], rows) with
        {
            Grants = [.. new[] { (Alice, 3), (Alice, 10), (Staff, 10), (Staff, 12), ("a:b", 14), (Alice, 18) }
                .Select(grant => KeyValuePair.Create(new GrantKey(List, GrantRelation.Named, grant.Item1, $"r{grant.Item2:00}"), (ServerTimestamp?)new ServerTimestamp(100 + grant.Item2)))
                .Append(new(new GrantKey(List, GrantRelation.NamedWidely, Alice, "r07"), new ServerTimestamp(0)))],
        };
        var key = new BucketKey(heads.Id, (await Store.CommitAsync(commit)).Row);

        Assert.Equal(["r18", "r12", "r10", "r07", "r03"], await Ids(new ListQuery { Limit = 100, Since = ServerTimestamp.Zero }));
        Assert.Equal(["r18"], await Ids(new ListQuery { Limit = 1, Since = ServerTimestamp.Zero }, limit: 1));
        Assert.Equal(["r18", "r12"], await Ids(new ListQuery { Limit = 100, Since = new(110) }));
        Assert.Equal(["r07", "r03"], await Ids(new ListQuery { Limit = 100, Before = new(110) }));
        Assert.Equal(["r18", "r12", "r07", "r03"], await Ids(new ListQuery { Limit = 100 }));
        Assert.Equal(["r10"], await Ids(new ListQuery { Limit = 100, Since = ServerTimestamp.Zero, Deleted = true }));
        Assert.Equal(["r03", "r07", "r12", "r18"], await Ids(new ListQuery { Limit = 100, Sort = [new SortField("id", Descending: false)] }));
        var (byId, paged) = (new ListQuery { Limit = 100, Since = ServerTimestamp.Zero, Sort = [new SortField("id", Descending: false)] }, new List<string>());
        for (var page = await Ids(byId, limit: 2); page.Any(); page = await Ids(byId with { Cursor = new PageCursor(new(1), paged[^1], PageCursor.Unbounded) }, limit: 2))
        {
            paged.AddRange(page);
        }

        Assert.Equal(["r03", "r07", "r10", "r12", "r18"], paged);
        Assert.Equal(["r12"], await Ids(new ListQuery { Limit = 100, Ids = ["r12", "r13"] }));
        Assert.Equal(["r12", "r10"], await Ids(new ListQuery { Limit = 100, Since = ServerTimestamp.Zero, Cursor = new PageCursor(new(118), "r18", PageCursor.Unbounded) }, limit: 2));
        var count = await Store.CountAsync(new RecordScan(key, List, new ListQuery { Limit = 100 }, 100, long.MaxValue) { Principals = [Alice, Staff] }, default);
        Assert.Equal(4, count.Count);

        // Rows that were written since the first page are left out behind it, and take the place of none.
        var again = Commit(Next(heads, 300) with { Row = key.Row }, [Head(300)], Row("r07", 250, "{}"), Row("r10", 251, "{}"));
        Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(again)).Status);
        Assert.Equal(["r12"], await Ids(byId with { Cursor = new PageCursor(new(103), "r03", new(200)) }, limit: 1));

        async Task<IEnumerable<string>> Ids(ListQuery query, int limit = 100) =>
            (await Store.ScanAsync(new RecordScan(key, List, query, limit, long.MaxValue) { Principals = [Alice, Staff] }, default)).Records.Select(static record => record.Id);
    }

    [Fact]
    public async Task Grants_OfSomeGroups_AreFound_WhateverOthersThereAre()
    {
        var members = Enumerable.Range(0, 20).Select(i => (new GrantKey(List, GrantRelation.Member, Alice, $"g{i}"), new ServerTimestamp(i))).ToArray();
        var (heads, _) = await SeedGrantsAsync(members);
        await Store.CommitAsync(Commit(Next(heads, 200), [new ListHead { List = ListRef.Groups, Key = List, RowsModified = new(200), Touched = new(200) }]));

        var scan = new GrantScan([heads.Id], GrantRelation.Member, [Alice, Staff], 2) { Groups = [new(heads.Id, "g7"), new(heads.Id, "g19"), new(heads.Id, "none"), new(NewId(), "g1")] };

        Assert.Equal([("g19", 19L), ("g7", 7L)], (await Store.ReadGrantsAsync(scan, default)).Select(static grant => (grant.Key.Id, grant.Stamp.Milliseconds)).Order());
    }

    /// <summary>What a list's object says of rights is not sent with each write: it stays where it is.</summary>
    [Fact]
    public async Task Acl_ThatIsNotStored_IsTheOneThatWas()
    {
        var acl = AccessList.Empty.With(Right.Read, [Alice]);
        var heads = First(NewId());
        var outcome = await Store.CommitAsync(Commit(heads, [Head(100) with { Acl = acl }]));
        var next = Next(heads, 200) with { Row = outcome.Row };
        var unchanged = new HashSet<ListRef>();

        Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(Commit(next, [Head(200)]) with { ChangedAcls = unchanged })).Status);
        Assert.Equal(acl, (await Store.LoadAsync(heads.Id, claim: false, default))!.Lists[Records].Acl);
        Assert.Equal(new ServerTimestamp(200), (await Store.LoadAsync(heads.Id, claim: false, default))!.Lists[Records].RowsModified);

        // A list that was made anew says what was written for it.
        next = Next(next, 300);
        await Store.CommitAsync(Commit(next, [Head(300) with { Key = List + 1 }]) with { ChangedAcls = unchanged });
        Assert.Null((await Store.LoadAsync(heads.Id, claim: false, default))!.Lists[Records].Acl);
    }

    [Fact]
    public async Task Purge_OfABucketThatIsGone_LeavesWhatEveryoneWasTold_AndWhatCameAfter()
    {
        var bob = new GrantKey(0, GrantRelation.Changed, "account:bob#2", "");
        var (heads, _) = await SeedGrantsAsync(
            (bob, new(90)), (bob with { Principal = Alice }, new(90)), (bob with { Principal = "system.Everyone" }, new(100)), (bob with { Principal = Staff }, new(300)));
        await Store.CommitAsync(Commit(Next(heads, 200) with { Base = new(200) }, []) with { OrphanedKeys = [0] });

        while (await Maintenance.PurgeAsync(1, default))
        {
        }

        Assert.Equal(
            [(Staff, 300L), ("system.Everyone", 100L)],
            (await GrantsAsync(heads.Id, GrantRelation.Changed, Alice, bob.Principal, Staff, "system.Everyone")).Select(static grant => (grant.Key.Principal, grant.Stamp)).Order());
    }

    [Fact]
    public async Task Scan_CountsWhatRowsSayOfRights_WhereThatIsRead()
    {
        var heads = First(NewId());
        var rows = Enumerable.Range(0, 4).Select(i => Row($"r{i}", 100 + i, "{}") with { Acl = new byte[1_000] }).ToArray();
        var key = new BucketKey(heads.Id, (await Store.CommitAsync(Commit(heads, [Head(200)], rows))).Row);

        Assert.Equal(2, await Count(Projection.Metadata));
        Assert.Equal(2, await Count(Projection.Whole));
        Assert.Equal(4, await Count(Projection.Listed));

        async Task<int> Count(Projection projection) =>
            (await Store.ScanAsync(new RecordScan(key, List, new ListQuery { Limit = 10, Projection = projection }, 10, MaxBytes: 1_500), default)).Records.Count;
    }

    [Fact]
    public async Task Purge_OfAListThatIsGone_TakesItsGrants()
    {
        var named = new GrantKey(List, GrantRelation.Named, Alice, "a");
        var (heads, _) = await SeedGrantsAsync((named, new(0)), (named with { List = List + 1 }, new(0)));
        await Store.CommitAsync(Commit(Next(heads, 200), []) with { OrphanedKeys = [List] });

        while (await Maintenance.PurgeAsync(10, default))
        {
        }

        Assert.Equal([(named with { List = List + 1 }, 0L)], await GrantsAsync(heads.Id, GrantRelation.Named, Alice));
    }

    private async Task<(BucketHeads Heads, BucketKey Key)> SeedGrantsAsync(params (GrantKey Key, ServerTimestamp Stamp)[] grants)
    {
        var heads = First(NewId());
        var outcome = await Store.CommitAsync(Commit(heads, [Head(100)]) with
        {
            Grants = [.. grants.Select(static grant => KeyValuePair.Create(grant.Key, (ServerTimestamp?)grant.Stamp))],
        });
        Assert.Equal(CommitStatus.Done, outcome.Status);
        return (heads with { Row = outcome.Row }, new BucketKey(heads.Id, outcome.Row));
    }

    private async Task<IEnumerable<(GrantKey Key, long Stamp)>> GrantsAsync(BucketId bucket, GrantRelation relation, params string[] principals) =>
        (await Store.ReadGrantsAsync(new GrantScan([bucket], relation, principals, 100), default)).Select(static grant => (grant.Key, grant.Stamp.Milliseconds));

    [Fact]
    public async Task IsHealthy_StoreThatWorks_IsTrue() => Assert.True(await Maintenance.IsHealthyAsync(default));

    private static StoredRecord Tombstone(string id, long modified) => StoredRecord.Tombstone(id, new(modified), author: null);

    private static BucketId NewId() => BucketId.Named(Guid.NewGuid().ToString("N"));

    private static BucketHeads First(BucketId id) => BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100) };

    private static BucketHeads Next(BucketHeads heads, long clock) => heads with { Version = heads.Version + 1, Clock = new(clock) };

    private static ListHead Head(long stamp) => new() { List = Records, Key = List, RowsModified = new(stamp), Touched = new(stamp) };

    private static StoredRecord Row(string id, long modified, string body) =>
        new() { Id = id, Modified = new(modified), Body = Encoding.UTF8.GetBytes(body) };

    private static BucketCommit Commit(BucketHeads heads, IReadOnlyList<ListHead> lists, params StoredRecord[] records) =>
        new(heads, Guid.NewGuid(), lists, [], [], [.. records.Select(record => KeyValuePair.Create(List, record))]);

    private static void AssertSame(StoredRecord expected, StoredRecord actual)
    {
        Assert.Equal(expected.Body.ToArray(), actual.Body.ToArray());
        Assert.Equal(expected.Acl!.Value.ToArray(), actual.Acl!.Value.ToArray());
        Assert.Equal(expected with { Body = default, Acl = null }, actual with { Body = default, Acl = null });
    }

    private async Task<(BucketHeads Heads, BucketKey Key)> SeedAsync(params StoredRecord[] records)
    {
        var heads = First(NewId());
        var outcome = await Store.CommitAsync(Commit(heads, [Head(100)], records));
        Assert.Equal(CommitStatus.Done, outcome.Status);
        return (heads with { Row = outcome.Row }, new BucketKey(heads.Id, outcome.Row));
    }

    private async Task<RecordRows> ScanAsync(BucketKey key, ListQuery query, int limit = 100, long maxBytes = long.MaxValue) =>
        await Store.ScanAsync(new RecordScan(key, List, query, limit, maxBytes), default);

    private async Task<IEnumerable<string>> RowsAsync(BucketKey key) =>
        (await ScanAsync(key, new ListQuery { Limit = 0, Since = ServerTimestamp.Zero })).Records
        .Select(record => $"{record.Id}:{record.Modified}:{Encoding.UTF8.GetString(record.Body.Span)}");
}
