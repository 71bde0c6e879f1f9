using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IBucketIndex"/> says of somebody's buckets. Each engine inherits it.</summary>
public abstract class BucketIndexContract
{
    private const int SelfKey = 1;
    private static readonly ListQuery All = new() { Limit = 10 };
    private static readonly ListQuery WithDeleted = All with { Since = ServerTimestamp.Zero };

    private readonly string author = $"account:{Guid.NewGuid():N}";

    protected abstract IBucketStore Store { get; }

    protected abstract IBucketIndex Index { get; }

    /// <summary>Each of which is bounded by itself.</summary>
    protected virtual int Databases => 1;

    [Fact]
    public async Task ListByAuthor_ShowsBucketsThatExist_AndDeletedOnesToThoseWhoAsk_OfThatAuthorOnly()
    {
        var live = await MakeAsync(NewId(), 100);
        var gone = await DeleteAsync(await MakeAsync(NewId(), 200), 300);
        await MakeAsync(NewId(), 400, author: "account:other");

        var listed = await ListAsync(All);
        var whole = await ListAsync(WithDeleted);

        Assert.Equal([new BucketEntry(live.Id, new(100), IsDeleted: false, 7)], listed.Entries);
        Assert.Equal([new BucketEntry(gone.Id, new(300), IsDeleted: true, 0), new BucketEntry(live.Id, new(100), IsDeleted: false, 7)], whole.Entries);
        Assert.Equal([gone.Id], (await ListAsync(WithDeleted with { Deleted = true })).Entries.Select(static entry => entry.Id));
        Assert.Equal([live.Id], (await ListAsync(WithDeleted with { Deleted = false })).Entries.Select(static entry => entry.Id));
        Assert.Empty((await ListAsync(All with { Deleted = true })).Entries);
        Assert.Equal(new ServerTimestamp(300), listed.Stamp);
        Assert.Equal(new BucketCount(new(300), 1), await Index.CountByAuthorAsync(new BucketScan(author, WithDeleted, 0), default));
        Assert.Equal(0, (await Index.CountByAuthorAsync(new BucketScan(author, WithDeleted with { Deleted = true }, 0), default)).Live);
    }

    [Fact]
    public async Task ListByAuthor_OfNobody_IsEmpty()
    {
        Assert.Equivalent(new BucketRows(default, [], More: false), await ListAsync(WithDeleted));
        Assert.Equal(new BucketCount(default, 0), await Index.CountByAuthorAsync(new BucketScan(author, WithDeleted, 0), default));
    }

    [Fact]
    public async Task Entry_MovesWithItsOwnObject_AndWithNothingThatItHolds()
    {
        var heads = await MakeAsync(NewId(), 100);
        var records = new ListHead { List = ListRef.RecordsOf("tasks"), Key = 5, RowsModified = new(200), Touched = new(200) };
        heads = await CommitAsync(Next(heads, 200), [records]);
        Assert.Equal(new ServerTimestamp(100), Assert.Single((await ListAsync(All)).Entries).Modified);

        heads = await CommitAsync(Next(heads, 300), [Self(300)]);
        Assert.Equal(new ServerTimestamp(300), Assert.Single((await ListAsync(All)).Entries).Modified);

        heads = await DeleteAsync(heads, 400);
        Assert.Equal((400, true), Of(Assert.Single((await ListAsync(WithDeleted)).Entries)));

        // Somebody else makes it again.
        await MakeAsync(heads, 500, author: "account:other");
        Assert.Empty((await ListAsync(WithDeleted)).Entries);

        static (long, bool) Of(BucketEntry entry) => (entry.Modified.Milliseconds, entry.IsDeleted);
    }

    [Fact]
    public async Task Entry_OfABucketMadeAgain_IsThatOfTheNewOne()
    {
        var heads = await DeleteAsync(await MakeAsync(NewId(), 100), 200);

        await MakeAsync(heads, 300);

        Assert.Equal([new BucketEntry(heads.Id, new(300), IsDeleted: false, 7)], (await ListAsync(WithDeleted)).Entries);
    }

    [Fact]
    public async Task ListByAuthor_OfAnAccount_LeavesOutWhatAFormerOneOfItsNameMade()
    {
        var since = new ServerTimestamp(1_000);
        var (former, own, unnumbered, old) = (
            await MakeAsync(NewId(), 1_100, number: 6), await MakeAsync(NewId(), 900, number: 7), await MakeAsync(NewId(), 1_200), await MakeAsync(NewId(), 999));
        var (gone, goneBefore) = (await DeleteAsync(await MakeAsync(NewId(), 1_201, number: 7), 1_300), await DeleteAsync(await MakeAsync(NewId(), 100), 998));
        var scan = new BucketScan(author, WithDeleted, 10) { Account = new AccountRef(7, since) };

        var found = await Index.ListByAuthorAsync(scan, default);

        Assert.Equal([gone.Id, unnumbered.Id, own.Id], found.Entries.Select(static entry => entry.Id));
        Assert.Equal([null, null, 7], found.Entries.Select(static entry => entry.AuthorNumber));
        Assert.Equal(2, (await Index.CountByAuthorAsync(scan, default)).Live);
        Assert.Equal(
            [gone.Id, unnumbered.Id, former.Id, old.Id, goneBefore.Id, own.Id],
            (await ListAsync(WithDeleted)).Entries.Select(static entry => entry.Id));
        var later = await Index.ListByAuthorAsync(scan with { Account = new AccountRef(8, new(2_000)) }, default);
        Assert.Equal((ServerTimestamp.Zero, 0), (later.Stamp, later.Entries.Count));
    }

    [Fact]
    public async Task ListByAuthor_OfAKind_LeavesOutTheOthers()
    {
        var (named, own, sync) = (await MakeAsync(NewId(), 100), await MakeAsync(BucketId.DefaultBucket(Name()), 200), await MakeAsync(BucketId.SyncStorage(Name()), 300));

        var kinto = await Index.ListByAuthorAsync(new BucketScan(author, All, 10) { Kind = BucketKind.Kinto }, default);

        Assert.Equal((200, "u b"), (kinto.Stamp.Milliseconds, string.Join(' ', kinto.Entries.Select(static entry => entry.Id.Value[0]))));
        Assert.Equal([sync.Id, own.Id, named.Id], (await ListAsync(All)).Entries.Select(static entry => entry.Id));
        var ids = All with { Ids = [named.Id.Name, own.Id.Name, sync.Id.Name, sync.Id.Name, "nobody", "\0", "\ud800"] };
        Assert.Equal([sync.Id, own.Id, named.Id], (await ListAsync(ids)).Entries.Select(static entry => entry.Id));
        Assert.Equal(2, (await Index.CountByAuthorAsync(new BucketScan(author, ids, 10) { Kind = BucketKind.Kinto }, default)).Live);
    }

    [Fact]
    public async Task UsageByAuthor_IsTheSumOfKintosBucketsThatExist()
    {
        Assert.Equal(default, await Index.UsageByAuthorAsync(author, default));
        await MakeAsync(NewId(), 100);
        await MakeAsync(BucketId.DefaultBucket(Name()), 200);
        await MakeAsync(BucketId.SyncStorage(Name()), 300);
        await MakeAsync(NewId(), 400, author: "account:other");
        await DeleteAsync(await MakeAsync(NewId(), 500), 600);

        Assert.Equal(new QuotaAmount(Bytes: 14, Records: 0), await Index.UsageByAuthorAsync(author, default));
    }

    public static TheoryData<string, ListQuery> Queries => new()
    {
        { "all", All },
        { "with deleted ones", WithDeleted },
        { "changed", All with { Since = new(1_004) } },
        { "between", All with { After = new(1_001), Before = new(1_006) } },
        { "deleted", WithDeleted with { Deleted = true } },
        { "some", WithDeleted with { Ids = [.. Enumerable.Range(0, 20).Select(static i => $"{i:00}")] } },
        { "but some", WithDeleted with { ExcludedIds = [.. Enumerable.Range(5, 20).Select(static i => $"{i:00}"), "\0", "\ud800"] } },
    };

    /// <summary>Against the plainest store, which has them all in memory and sorts them.</summary>
    [Theory]
    [MemberData(nameof(Queries))]
    public async Task ListByAuthor_PageByPage_IsWhatTheWholeListSays(string name, ListQuery query)
    {
        // :: 40 buckets with few stamps: existing, deleted and made again, of accounts of the name, a default bucket among them
        var memory = new InMemoryBucketStore();
        var random = new Random(11);
        var tag = Name();
        for (var i = 0; i < 40; i++)
        {
            var id = i == 17 ? BucketId.DefaultBucket(tag + $"{i:00}") : i == 23 ? BucketId.SyncStorage(tag + $"{i:00}") : BucketId.Named(tag + $"{i:00}");
            var heads = await MakeAsync(id, 1_000 + random.Next(8), number: random.Next(3) is not 0 and var number ? number : null, also: memory);
            if (random.Next(3) == 0)
            {
                heads = await DeleteAsync(heads, 1_000 + random.Next(8) + 8, memory);
                if (random.Next(2) == 0)
                {
                    await MakeAsync(heads, 1_020 + random.Next(4), also: memory);
                }
            }
        }

        query = query with
        {
            Ids = query.Ids?.Select(id => tag + id).ToArray(),
            ExcludedIds = query.ExcludedIds?.Select(id => tag + id).ToArray(),
        };
        var seen = 0;
        foreach (var sort in new SortField[] { new("last_modified", true), new("last_modified", false), new("id", false), new("id", true), new("title", false) })
        {
            foreach (var account in new[] { default, new AccountRef(2, new(1_003)) })
            {
                foreach (var limit in new[] { 0, 1, 3, 100 })
                {
                    var scan = new BucketScan(author, query with { Sort = [sort] }, limit) { Account = account, Kind = BucketKind.Kinto };
                    Assert.Equal(await memory.CountByAuthorAsync(scan, default), await Index.CountByAuthorAsync(scan, default));
                    for (var more = true; more;)
                    {
                        var (expected, found) = (await memory.ListByAuthorAsync(scan, default), await Index.ListByAuthorAsync(scan, default));
                        Assert.Equal(expected.Entries, found.Entries);
                        Assert.Equal((expected.Stamp, expected.More), (found.Stamp, found.More));
                        seen += found.Entries.Count;

                        // Stamps of the first page bound later ones; the newest ones are left out by this one. An order by fields has no pages here.
                        var stamp = scan.Query.Cursor?.ListStamp ?? found.Stamp.Plus(-1);
                        more = found.More && limit > 0 && sort.Path != "title";
                        if (more)
                        {
                            var last = found.Entries[^1];
                            scan = scan with { Query = scan.Query with { Cursor = new PageCursor(last.Modified, last.Id.Name, stamp) } };
                        }
                    }
                }
            }
        }

        Assert.True(seen > 0, name);
    }

    [Fact]
    public async Task ListByAuthor_WhileBucketsChange_RepeatsAndSkipsNoneOfTheOthers()
    {
        var ids = new List<BucketHeads>();
        for (var i = 0; i < 9; i++)
        {
            ids.Add(await MakeAsync(NewId(), 100 + i));
        }

        var first = await Index.ListByAuthorAsync(new BucketScan(author, All, 3), default);
        await CommitAsync(Next(ids[1], 500), [Self(500)]);
        await DeleteAsync(ids[2], 501);
        await MakeAsync(NewId(), 502);
        var last = first.Entries[^1];
        var second = await Index.ListByAuthorAsync(new BucketScan(author, All with { Cursor = new(last.Modified, last.Id.Name, first.Stamp) }, 10), default);

        Assert.Equal([8, 7, 6], first.Entries.Select(Number));
        Assert.Equal([5, 4, 3, 0], second.Entries.Select(Number));
        Assert.Equal((false, new ServerTimestamp(502)), (second.More, second.Stamp));

        int Number(BucketEntry entry) => ids.FindIndex(heads => heads.Id == entry.Id);
    }

    [Fact]
    public async Task ReadObjects_GivesThoseThatAreStillTheAuthors()
    {
        var (own, foreign) = (await MakeAsync(NewId(), 100), await MakeAsync(NewId(), 100, author: "account:other"));

        var objects = await Index.ReadObjectsAsync(author, [own.Id, foreign.Id, NewId()], default);

        var (id, record) = Assert.Single(objects);
        Assert.Equal((own.Id, own.Id.Name, 100L, "1"), (id, record.Id, record.Modified.Milliseconds, Encoding.UTF8.GetString(record.Body.Span)));
    }

    [Fact]
    public async Task ReadNamed_GivesThoseThatNameOneOfThese_WhoeverMadeThem()
    {
        var (named, other, gone) = (await MakeAsync(NewId(), 100, author: "account:other"), await MakeAsync(NewId(), 100), await MakeAsync(NewId(), 100));
        var bob = $"account:bob-{Name()}#2";
        await NameAsync(named, 200, (GrantRelation.NamedByBucket, bob));
        await NameAsync(other, 200, (GrantRelation.Changed, bob), (GrantRelation.NamedByBucket, "account:carol#3"));
        await DeleteAsync(await NameAsync(gone, 200, (GrantRelation.NamedByBucket, bob)), 300);

        var objects = await Index.ReadNamedAsync(["system.Everyone", bob], [named.Id, other.Id, gone.Id, NewId()], default);

        var (id, record) = Assert.Single(objects);
        Assert.Equal((named.Id, named.Id.Name, 100L, "1"), (id, record.Id, record.Modified.Milliseconds, Encoding.UTF8.GetString(record.Body.Span)));
        Assert.Null(record.Acl);
    }

    [Fact]
    public async Task ListNamed_ReadsWhatIsSaid_WhereThatIsWanted_AndNoMoreThanSoMuch()
    {
        var (bob, staff) = ($"account:bob-{Name()}#2", $"/buckets/{Name()}/groups/staff");
        var made = new List<BucketHeads>();
        for (var i = 0; i < 4; i++)
        {
            made.Add(await NameAsync(await MakeAsync(NewId(), 100, acl: new byte[1_000]), 200, (GrantRelation.NamedByBucket, i < 3 ? bob : staff)));
        }

        await DeleteAsync(await NameAsync(await MakeAsync(NewId(), 100), 200, (GrantRelation.NamedByBucket, bob)), 300);
        var scan = new NamedScan(GrantRelation.NamedByBucket, [bob, staff], 10);

        var all = await ListAsync(scan);
        Assert.Equal(made.Select(static heads => heads.Id.Value).Order(StringComparer.Ordinal), all.Select(static named => named.Bucket.Value).Order(StringComparer.Ordinal));
        Assert.All(all, static named => Assert.Equal((ObjectRef.Bucket, 100L, (int?)1_000, 1_001L), (named.Target, named.Modified.Milliseconds, named.Acl?.Length, named.Bytes)));
        Assert.Equal(3, all.Count(named => named.Principal == bob));

        var some = await ListAsync(scan with { Doubtful = [staff], MaxBytes = 1_001 });
        Assert.Equal(4, some.Count);
        Assert.All(some, named => Assert.Equal(named.Principal == staff ? 1_000 : default(int?), named.Acl?.Length));
        Assert.All(await ListAsync(scan with { Doubtful = [] }), static named => Assert.Null(named.Acl));

        Assert.InRange((await ListAsync(scan with { MaxBytes = 1_001 })).Count, 2, 2 * Databases);
        Assert.Equal(3, (await ListAsync(scan with { Limit = 3 })).Count);
        Assert.Empty(await ListAsync(scan with { Relation = GrantRelation.Named }));

        ValueTask<IReadOnlyList<NamedObject>> ListAsync(NamedScan of) => Index.ListNamedAsync(of, static named => named, default);
    }

    private async Task<BucketHeads> NameAsync(BucketHeads heads, long stamp, params (GrantRelation Relation, string Principal)[] grants)
    {
        var next = Next(heads, stamp);
        var commit = new BucketCommit(next, Guid.NewGuid(), [], [], [], [])
        {
            Grants = [.. grants.Select(static grant => KeyValuePair.Create(
                new GrantKey(grant.Relation == GrantRelation.Changed ? 0 : SelfKey, grant.Relation, grant.Principal, grant.Relation == GrantRelation.Changed ? "" : ObjectRef.Bucket.Id), (ServerTimestamp?)new ServerTimestamp(0)))],
        };
        Assert.Equal(CommitStatus.Done, (await Store.CommitAsync(commit)).Status);
        return next;
    }

    private ValueTask<BucketRows> ListAsync(ListQuery query) => Index.ListByAuthorAsync(new BucketScan(author, query, 10), default);

    private Task<BucketHeads> MakeAsync(BucketId id, long stamp, string? author = null, long? number = null, IBucketStore? also = null, byte[]? acl = null) =>
        MakeAsync(BucketHeads.Unwritten(id), stamp, author, number, also, acl);

    private Task<BucketHeads> MakeAsync(BucketHeads heads, long stamp, string? author = null, long? number = null, IBucketStore? also = null, byte[]? acl = null) => CommitAsync(
        Next(heads, stamp) with { Exists = true, Author = author ?? this.author, AuthorNumber = number },
        [Self(stamp)],
        also: also,
        records: [KeyValuePair.Create(SelfKey, new StoredRecord { Id = ObjectRef.Bucket.Id, Modified = new(stamp), Body = "1"u8.ToArray(), Acl = acl is null ? default(ReadOnlyMemory<byte>?) : acl })]);

    private Task<BucketHeads> DeleteAsync(BucketHeads heads, long stamp, IBucketStore? also = null) => CommitAsync(
        Next(heads, stamp) with { Exists = false, AuthorNumber = null, Base = new(stamp) }, [], [ListRef.Self], also);

    private async Task<BucketHeads> CommitAsync(
        BucketHeads heads,
        IReadOnlyList<ListHead> lists,
        IReadOnlyList<ListRef>? removed = null,
        IBucketStore? also = null,
        IReadOnlyList<KeyValuePair<int, StoredRecord>>? records = null)
    {
        var commit = new BucketCommit(heads, Guid.NewGuid(), lists, removed ?? [], [], records ?? []);
        var outcome = await Store.CommitAsync(commit);
        Assert.Equal(CommitStatus.Done, outcome.Status);
        if (also is not null)
        {
            Assert.Equal(CommitStatus.Done, (await also.CommitAsync(commit)).Status);
        }

        return heads with { Row = outcome.Row };
    }

    private static BucketHeads Next(BucketHeads heads, long clock) => heads with { Version = heads.Version + 1, Clock = new(clock) };

    private static ListHead Self(long stamp) =>
        new() { List = ListRef.Self, Key = SelfKey, RowsModified = new(stamp), Touched = new(stamp), Count = 1, Bytes = 7 };

    private static BucketId NewId() => BucketId.Named(Name());

    private static string Name() => Guid.NewGuid().ToString("N");
}
