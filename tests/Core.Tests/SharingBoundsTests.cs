using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using static Lockstep.Core.Tests.SharedBucket;

namespace Lockstep.Core.Tests;

/// <summary>What sharing costs, and whom: bounded for who shares, and nothing for who does not ask.</summary>
public sealed class SharingBoundsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SharedBucket shared = SharedBucket.Create();

    public void Dispose() => shared.Dispose();

    [Fact]
    public async Task OtherBucket_ThatDoesNotAnswer_HoldsUpNobodyButWhoNeedsIt()
    {
        await MakeAsync(Says(Right.Write, ClubStaff, "account:carol#3"));
        shared.ClubHangs = true;

        var bob = shared.ExecuteAsync(Bob, Put(ObjectRef.Record("c", "bobs")));
        var bobsDeletion = shared.ExecuteAsync(Bob, new DeleteRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 10 }));
        Assert.IsType<RecordWritten>(await shared.ExecuteAsync(Alice, Put(ObjectRef.Record("c", "alices"))).WaitAsync(Patience));
        Assert.IsType<RecordWritten>(await shared.ExecuteAsync(Carol, Put(ObjectRef.Record("c", "carols"))).WaitAsync(Patience));
        Assert.False(bob.IsCompleted);

        // Who could not be asked for is not told that they may not.
        shared.Time.Advance(new BucketOptions().AnswerTime / 4);
        Assert.Equal(Unavailable.StoreFailed, await bob.WaitAsync(Patience));
        Assert.Equal(Unavailable.StoreFailed, await bobsDeletion.WaitAsync(Patience));
        shared.ClubHangs = false;
        Assert.Equal(Forbidden.Instance, await shared.ExecuteAsync(Bob, Put(ObjectRef.Record("c", "bobs"))));
    }

    [Fact]
    public async Task Write_ThatComesBeforeTheBucketIsKnown_IsAskedForBesideTheTurn()
    {
        await MakeAsync(Says(Right.Write, ClubStaff));
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"), Club);
        using var other = new InProcessBuckets(shared, new BucketOptions(), shared.Time);
        shared.ClubHangs = true;
        var bob = other.Get(Shop).ExecuteAsync(new BucketRequest(Bob, [Put(ObjectRef.Record("c", "bobs"))]), default).AsTask();
        var alice = other.Get(Shop).ExecuteAsync(new BucketRequest(Alice, [Put(ObjectRef.Record("c", "alices"))]), default).AsTask();

        Assert.IsType<RecordWritten>(Assert.Single((await alice.WaitAsync(Patience)).Outcomes));
        shared.ClubHangs = false;
        shared.Time.Advance(new BucketOptions().AnswerTime / 4);
        Assert.Equal(Unavailable.StoreFailed, Assert.Single((await bob.WaitAsync(Patience)).Outcomes));
        Assert.IsType<RecordWritten>(Assert.Single((await other.Get(Shop).ExecuteAsync(new BucketRequest(Bob, [Put(ObjectRef.Record("c", "bobs"))]), default)).Outcomes));
    }

    [Fact]
    public async Task Write_ThatSaysNothingOfRights_SendsNone()
    {
        var many = Enumerable.Range(0, 300).Select(static i => $"account:u{i}#{100 + i}").ToArray();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket, Readers(many)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers(many)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "wide"), Readers(many)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "narrow"), Readers("account:bob#2", "account:carol#3")));
        shared.Commits.Clear();

        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "new")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "wide")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "narrow")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "wide"), Readers([.. many, "account:bob#2"])));

        // Of the narrow one also alice, who made it.
        Assert.Equal([0, 0, 3, 1], shared.Commits.Select(static commit => commit.Grants.Count(static grant => grant.Key.Relation != GrantRelation.Changed)));
        Assert.All(shared.Commits, static commit => Assert.DoesNotContain(commit.Lists, head => commit.StoresAclOf(head.List) && head.List == ListRef.RecordsOf("c")));

        // Nor does one that only changes somebody's standing.
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"));
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:carol#3"));
        Assert.DoesNotContain(shared.Commits[^1].Lists, head => shared.Commits[^1].StoresAclOf(head.List));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers("account:bob#2")));
        Assert.Contains(shared.Commits[^1].Lists, head => shared.Commits[^1].StoresAclOf(head.List) && head.List == ListRef.RecordsOf("c"));
    }

    [Fact]
    public async Task Poll_ThatFindsNothingNew_LooksAtFew_HoweverManyThereAre()
    {
        await MakeAsync();
        for (var i = 0; i < 500; i++)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", $"r{i}"), i % 2 == 0 ? Readers("account:bob#2") : null));
        }

        var first = await PageAsync(Bob, since: null);
        shared.RowsScanned = 0;
        var poll = await PageAsync(Bob, first.ListStamp);
        Assert.Empty(poll.Records);
        Assert.Equal(first.ListStamp, poll.ListStamp);
        Assert.InRange(shared.RowsScanned, 1, 4);
    }

    [Fact]
    public async Task Page_CountsWhatRowsSayOfRights()
    {
        var many = Enumerable.Range(0, 500).Select(static i => $"account:u{i}-{new string('x', 200)}#{100 + i}").Append("account:bob#2").ToArray();
        await MakeAsync();
        for (var i = 0; i < 40; i++)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", $"r{i:00}"), Readers(many)));
        }

        var query = new ListQuery { Limit = 100, MaxBytes = 500_000, Projection = Projection.Listed };
        var page = await shared.DoAsync<PageFound>(Bob, new ListRecords(ListRef.RecordsOf("c"), query));
        Assert.Equal(40, page.Records.Count);
        Assert.All(page.Records, static record => Assert.Null(record.Acl));
        Assert.InRange(shared.MostScanned, 1, 700_000);
        var deleted = await shared.DoAsync<RecordsDeleted>(Alice, new DeleteRecords(ListRef.RecordsOf("c"), query));
        Assert.InRange(deleted.Tombstones.Count, 1, 10);
        Assert.NotNull(deleted.Next);
    }

    /// <summary>Whoever reads by a group of another bucket has stamps that come of that one's clock.</summary>
    [Fact]
    public async Task Stamp_OfAReaderWhoBecomesTheAuthor_DoesNotGoBack()
    {
        await MakeAsync();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket, Says(Right.Write, ClubStaff)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));
        shared.Time.Advance(TimeSpan.FromMinutes(1));
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"), Club);
        shared.Time.Advance(TimeSpan.FromMinutes(1));
        var since = (await PageAsync(Bob, since: null)).ListStamp;
        since = (await PageAsync(Bob, since)).ListStamp;

        await shared.DoAsync<RecordWritten>(Bob, Put(ObjectRef.Bucket, Says(Right.Write, "account:bob#2")));
        Assert.Equal("account:bob", (await shared.LoadAsync(Shop, claim: false, default))!.Author);

        Assert.True((await PageAsync(Bob, since)).ListStamp >= since);
        await shared.DoAsync<RecordWritten>(Bob, Put(ObjectRef.Record("c", "b")));
        Assert.Contains((await PageAsync(Bob, since)).Records, static record => record.Id == "b");
    }

    [Fact]
    public async Task Members_WhoComeAndGoInOneWrite_BeginAnew_AndNobodyElse()
    {
        await MakeAsync(Readers(ShopStaff, "account:carol#3"));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));
        var carol = (await PageAsync(Carol, since: null)).ListStamp;

        await shared.DoAsync<RecordWritten>(Alice, Group("staff", Enumerable.Range(0, 4_000).Select(static i => $"account:u{i}#{100 + i}")));

        Assert.Equal(4_000, shared.Commits[^1].Grants.Count(static grant => grant.Key.Relation == GrantRelation.Changed));
        Assert.DoesNotContain(shared.Commits[^1].Grants, static grant => grant.Key is { Relation: GrantRelation.Changed, Principal: PrincipalText.Everyone });
        Assert.Equal(carol, (await PageAsync(Carol, carol)).ListStamp);
    }

    [Fact]
    public async Task Groups_InGreatNumbers_CrowdOutNoneThatIsNamed()
    {
        var named = Enumerable.Range(0, 10).Select(static i => 150 * i).ToArray();
        await MakeAsync();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));
        for (var i = 0; i < 1_500; i++)
        {
            await shared.DoAsync<RecordWritten>(Alice, Group($"g{i}", "account:bob#2"));
            await shared.DoAsync<RecordWritten>(Alice, Group($"g{i}", "account:bob#2"), Club);
        }

        foreach (var i in named)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers($"/buckets/shop/groups/g{i}")));
            await shared.DoAsync<RecordFound>(Bob, new ReadRecord(ObjectRef.Record("c", "a")));
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers($"/buckets/club/groups/g{i}")));
            await shared.DoAsync<RecordFound>(Bob, new ReadRecord(ObjectRef.Record("c", "a")));
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers()));
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a"), Readers($"/buckets/shop/groups/g{i}")));
            await shared.DoAsync<RecordFound>(Bob, new ReadRecord(ObjectRef.Record("c", "a")));
        }
    }

    [Fact]
    public async Task Group_OfAnotherBucket_NamedByOneWhoseClockLeads_IsNotInherited()
    {
        shared.Time.JumpWallClock(TimeSpan.FromHours(1));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        shared.Time.JumpWallClock(TimeSpan.FromHours(-1));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket), Club);
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:carol#3"), Club);
        shared.Time.Advance(TimeSpan.FromSeconds(1));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers(ClubStaff)));
        await shared.DoAsync<PageFound>(Carol, new ListRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 }));
        shared.Time.Advance(TimeSpan.FromSeconds(1));
        await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Group("staff")), Club);
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"), Club);

        Assert.Equal(Forbidden.Instance, await shared.ExecuteAsync(Bob, new ListRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 })));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Group_ThatIsDeleted_IsTakenOutOfWhatNamesItInItsBucket(bool withAll)
    {
        await MakeAsync(Readers(ShopStaff, "account:carol#3"));
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket, Readers(ShopStaff)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a"), Readers(ShopStaff, "account:carol#3"), """{"kept":1}"""));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "b"), Readers("account:carol#3")));
        var before = await shared.DoAsync<RecordFound>(Alice, new ReadRecord(ObjectRef.Record("c", "a")));
        Assert.Contains("staff", Said(before), StringComparison.Ordinal);

        if (withAll)
        {
            await shared.DoAsync<RecordsDeleted>(Alice, new DeleteRecords(ListRef.Groups, new ListQuery { Limit = 10 }));
        }
        else
        {
            await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Group("staff")));
        }

        foreach (var target in new[] { ObjectRef.Bucket, ObjectRef.Collection("c"), ObjectRef.Record("c", "a") })
        {
            Assert.DoesNotContain("staff", Said(await shared.DoAsync<RecordFound>(Alice, new ReadRecord(target))), StringComparison.Ordinal);
        }

        var after = await shared.DoAsync<RecordFound>(Alice, new ReadRecord(ObjectRef.Record("c", "a")));
        Assert.Equal(before.Record.Modified, after.Record.Modified);
        Assert.Equal("""{"kept":1}""", Encoding.UTF8.GetString(after.Record.Body.Span));
        Assert.Contains("carol", Said(after), StringComparison.Ordinal);
        Assert.Empty((await shared.LoadAsync(Shop, claim: false, default))!.Acl![Right.Read]);
        await shared.DoAsync<RecordFound>(Carol, new ReadRecord(ObjectRef.Record("c", "a")));
    }

    [Fact]
    public async Task GroupDeletion_TidiesSoMany_AndWhatIsLeftLetsNobodyIn()
    {
        await MakeAsync();
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"));
        for (var i = 0; i < 150; i++)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", $"r{i}"), Readers(ShopStaff)));
        }

        await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Group("staff")));
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"));

        Assert.Equal(101, shared.Commits[^2].Records.Count);
        for (var i = 0; i < 150; i++)
        {
            Assert.Equal(Forbidden.Instance, await shared.ExecuteAsync(Bob, new ReadRecord(ObjectRef.Record("c", $"r{i}"))));
        }
    }

    /// <summary>Whether somebody may, and what they are shown, are two reads of the store.</summary>
    [Fact]
    public async Task Record_WhoseReaderIsShutOutWhileItIsRead_IsNotShown()
    {
        await MakeAsync();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "other"), Readers("account:bob#2")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "other"), Readers()));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a"), Readers("account:bob#2")));
        await shared.DoAsync<RecordFound>(Bob, new ReadRecord(ObjectRef.Record("c", "a")));

        shared.AfterRead = () => shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a"), Readers(), """{"not":"for Bob"}"""));

        Assert.Equal(Forbidden.Instance, await shared.ExecuteAsync(Bob, new ReadRecord(ObjectRef.Record("c", "a"))));
        Assert.Null(shared.AfterRead);
    }

    [Fact]
    public async Task ReaderOfAPart_OlderThanAPurge_StartsOver_AndIsGivenThePart()
    {
        var tasks = ListRef.RecordsOf("c");
        await MakeAsync();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "bobs"), Readers("account:bob#2")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "gone")));
        var seen = await shared.DoAsync<PageFound>(Bob, new ListRecords(tasks, new ListQuery { Limit = 10 }));
        shared.Time.Advance(TimeSpan.FromSeconds(1));
        await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Record("c", "gone")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "newer")));
        var later = ServerTimestamp.Now(shared.Time).Plus(10_000);
        Assert.Equal(1, (await shared.DoAsync<CountFound>(Caller.System, new PurgeTombstones(tasks, later, 100))).Count);

        var told = await shared.DoAsync<PageFound>(Bob, new ListRecords(tasks, new ListQuery { Limit = 10, Since = seen.ListStamp }));
        var next = await shared.DoAsync<PageFound>(Bob, new ListRecords(tasks, new ListQuery { Limit = 10, Since = told.ListStamp }));
        var last = await shared.DoAsync<PageFound>(Bob, new ListRecords(tasks, new ListQuery { Limit = 10, Since = next.ListStamp }));

        Assert.Empty(told.Records);
        Assert.Equal("bobs", Assert.Single(next.Records).Id);
        Assert.Empty(last.Records);
    }

    /// <summary>A turn counts so many rows only. Whoever asks for more is told so, and not to try again; by itself the count is made, however many they are.</summary>
    [Fact]
    public async Task Count_OfVeryManyNamedRows_AmongWrites_IsRefusedForGood_AndMadeByItself()
    {
        const int Rows = 10_001;
        await MakeAsync();
        foreach (var some in Enumerable.Range(0, Rows).Chunk(500))
        {
            var put = await shared.Buckets.Get(Shop).ExecuteAsync(
                new BucketRequest(Alice, [.. some.Select(static i => Put(ObjectRef.Record("c", $"r{i}"), Says(Right.Write, "account:bob#2")))]), default);
            Assert.All(put.Outcomes, static outcome => Assert.IsType<RecordWritten>(outcome));
        }

        var count = new CountRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 });
        var among = await shared.Buckets.Get(Shop).ExecuteAsync(new BucketRequest(Bob, [Put(ObjectRef.Record("c", "r0"), body: """{"n":1}"""), count]), default);

        Assert.IsType<RecordWritten>(among.Outcomes[0]);
        Assert.Equal(InvalidReason.TooManyToCount, Assert.IsType<Invalid>(among.Outcomes[1]).Reason);
        Assert.Equal(Rows, (await shared.DoAsync<CountFound>(Bob, count)).Count);
    }

    /// <summary>What rows say of rights is needed to write them; without room for it nothing of it is read, and the write is refused.</summary>
    [Fact]
    public async Task Writes_OfRowsThatSayMuch_AreDoneAsFarAsThereIsRoom()
    {
        const int Room = 1_000_000;
        using var bounded = SharedBucket.Create(new BucketOptions { MaxWorkBytes = Room });
        var many = Enumerable.Range(0, 500).Select(static i => $"account:u{i}-{new string('x', 200)}#{100 + i}").ToArray();
        await bounded.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await bounded.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Says(Right.Write, "account:bob#2")));
        for (var i = 0; i < 50; i++)
        {
            await bounded.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", $"r{i}"), Readers(many)));
        }

        await bounded.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "narrow"), Readers("account:carol#3")));
        bounded.AclsRead = 0;
        var response = await bounded.Buckets.Get(Shop).ExecuteAsync(
            new BucketRequest(Bob, [Put(ObjectRef.Record("c", "narrow")), .. Enumerable.Range(0, 50).Select(static i => Put(ObjectRef.Record("c", $"r{i}"), body: """{"n":1}"""))]), default);

        var written = response.Outcomes.Count(static outcome => outcome is RecordWritten);
        Assert.InRange(written, 2, 12);
        Assert.All(response.Outcomes.Skip(written), static outcome => Assert.Same(Unavailable.Overloaded, outcome));
        Assert.InRange(bounded.AclsRead, 100_000, Room);

        // What was written says what it said.
        var acl = AccessList.Read((await bounded.DoAsync<RecordFound>(Alice, new ReadRecord(ObjectRef.Record("c", "r0")))).Record.Acl);
        Assert.Equal(many, acl![Right.Read]);
        await bounded.DoAsync<RecordFound>(Carol, new ReadRecord(ObjectRef.Record("c", "narrow")));

        // One that is alone has room.
        await bounded.DoAsync<RecordWritten>(Bob, Put(ObjectRef.Record("c", "r49")));
    }

    /// <summary>Each commit writes so many rows of the index, and nothing is left out or deleted twice by that.</summary>
    [Theory]
    [InlineData(false, "")]
    [InlineData(false, "n")]
    [InlineData(true, "")]
    public async Task Deletion_OfWhatNamesVeryMany_IsDoneInSteps(bool isPartly, string sort)
    {
        var many = Enumerable.Range(0, 98).Select(static i => $"account:u{i}#{100 + i}").ToArray();
        await MakeAsync(Says(Right.CreateRecords, "account:bob#2"));
        var caller = isPartly ? Bob : Alice;
        for (var i = 0; i < 130; i++)
        {
            await shared.DoAsync<RecordWritten>(caller, Put(ObjectRef.Record("c", $"r{i:000}"), Readers([.. many, "account:carol#3"]), $$"""{"n":{{i}}}"""));
        }

        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "stays"), Readers("account:carol#3")));
        shared.Commits.Clear();
        var query = new ListQuery { Limit = 2_000, MaxBytes = 8 << 20, ExcludedIds = ["stays"], Sort = sort.Length == 0 ? [] : [new SortField(sort, Descending: false)] };
        var gone = new List<string>();
        do
        {
            var deleted = await shared.DoAsync<RecordsDeleted>(caller, new DeleteRecords(ListRef.RecordsOf("c"), query));
            gone.AddRange(deleted.Tombstones.Select(static tombstone => tombstone.Id));
            query = query with { Cursor = deleted.Next };
        }
        while (query.Cursor is not null);

        Assert.Equal(Enumerable.Range(0, 130).Select(static i => $"r{i:000}"), gone.Order(StringComparer.Ordinal));
        Assert.Equal(3, shared.Commits.Count);
        Assert.All(shared.Commits, static commit => Assert.InRange(commit.Grants.Count, 1, 5_000));

        // So with what is left of them.
        shared.Time.Advance(TimeSpan.FromSeconds(1));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "stays")));
        var later = ServerTimestamp.Now(shared.Time).Plus(10_000);
        shared.Commits.Clear();
        var purged = 0L;
        while ((await shared.DoAsync<CountFound>(Caller.System, new PurgeTombstones(ListRef.RecordsOf("c"), later, 500))).Count is > 0 and var count)
        {
            purged += count;
        }

        Assert.Equal(130, purged);
        Assert.All(shared.Commits, static commit => Assert.InRange(commit.Grants.Count, 1, 5_000));
    }

    [Fact]
    public async Task Deletion_OfOneGroupWithMoreMembersThanAStepTakes_IsDone()
    {
        await MakeAsync();
        foreach (var id in new[] { "a", "b", "c" })
        {
            await shared.DoAsync<RecordWritten>(Alice, Group(id, Enumerable.Range(0, 3_000).Select(static i => $"account:u{i}#{100 + i}")));
        }

        var query = new ListQuery { Limit = 2_000 };
        for (var left = 3; left > 0; left--)
        {
            var deleted = await shared.DoAsync<RecordsDeleted>(Alice, new DeleteRecords(ListRef.Groups, query));
            Assert.Single(deleted.Tombstones);
            Assert.Equal(left > 1, deleted.Next is not null);
            query = query with { Cursor = deleted.Next };
        }
    }

    [Fact]
    public async Task Bucket_ThatIsDeleted_LeavesNobodysStandingBehind()
    {
        await MakeAsync(Readers("account:bob#2"));
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"));
        await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Bucket));
        while (await shared.Memory.PurgeAsync(100, default))
        {
        }

        var scan = new GrantScan([Shop], GrantRelation.Changed, ["account:bob#2", PrincipalText.Everyone], 100);
        Assert.Equal([PrincipalText.Everyone], (await shared.ReadGrantsAsync(scan, default)).Select(static grant => grant.Key.Principal));
    }

    private static string Said(RecordFound found) => Encoding.UTF8.GetString((found.Record.Acl ?? default).Span);

    private async Task MakeAsync(AccessChange? ofCollection = null)
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket), Club);
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), ofCollection));
    }

    private Task<PageFound> PageAsync(Caller caller, ServerTimestamp? since) =>
        shared.DoAsync<PageFound>(caller, new ListRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1_000, Since = since, Projection = Projection.Listed }));
}
