using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using static Lockstep.Core.Tests.SharedBucket;

namespace Lockstep.Core.Tests;

/// <summary>Readers of a list whose groups in another bucket change: that bucket says so by a clock of its own, and they miss nothing by that.</summary>
public sealed class ForeignClockTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly SharedBucket shared = SharedBucket.Create();
    private readonly FakeTime behind = new();
    private readonly InProcessBuckets elsewhere;
    private readonly SortedSet<string> seen = new(StringComparer.Ordinal);
    private ServerTimestamp? since;

    public ForeignClockTests()
    {
        behind.Advance(TimeSpan.FromDays(1));
        elsewhere = new InProcessBuckets(shared, new BucketOptions(), behind);
    }

    public void Dispose()
    {
        elsewhere.Dispose();
        shared.Dispose();
    }

    [Fact]
    public async Task Write_WithAStampInThePast_ReachesWhoHasBegunAnew()
    {
        await MakeAsync();
        var early = ServerTimestamp.Now(shared.Time).Plus(10);
        Advance(Minute);
        await JoinAsync();
        Advance(Settled);
        Assert.Equal(["bobs", "old"], await PollAsync());

        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "new")) with { Hint = early });
        Assert.Equal(["bobs", "new", "old"], await PollAsync());
        await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Record("c", "old"), early.Plus(10)));
        Assert.Equal(["bobs", "new"], await PollAsync());
    }

    [Fact]
    public async Task Hint_InThePast_IsTakenWhereNoGroupOfAnotherBucketCounts()
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers(ShopStaff)));
        var early = ServerTimestamp.Now(shared.Time).Plus(10);
        Advance(Minute);

        Assert.Equal(early, (await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")) with { Hint = early })).Record.Modified);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Group_WrittenWithAStampInThePast_MakesItsMembersBeginAnew(bool isDeleted)
    {
        await MakeAsync();
        if (isDeleted)
        {
            await JoinAsync();
            Advance(Settled);
            Assert.Equal(["bobs", "old"], await PollAsync());
        }

        var early = ServerTimestamp.Now(shared.Time).Plus(10);
        Advance(Minute);
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "bobs"), Readers("account:bob#2")));
        await PollAsync();
        Advance(Minute);
        if (isDeleted)
        {
            await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(ObjectRef.Group("staff"), early), Club);
        }
        else
        {
            await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2") with { Hint = early }, Club);
        }

        Advance(Settled);
        Assert.Equal(isDeleted ? ["bobs"] : ["bobs", "old"], await PollAsync());
    }

    /// <summary>A group that is deleted, as if it had been before it was named, and made anew would be meant by who named the former one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Group_DeletedWithAStampInThePast_LetsNobodyIn(bool withItsBucket)
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket), Club);
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:carol#3"), Club);
        var early = ServerTimestamp.Now(shared.Time).Plus(10);
        Advance(Minute);
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers(ClubStaff)));
        Advance(Minute);
        await shared.DoAsync<RecordDeleted>(Alice, new DeleteRecord(withItsBucket ? ObjectRef.Bucket : ObjectRef.Group("staff"), early), Club);
        if (withItsBucket)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket), Club);
        }

        await JoinAsync();

        Assert.Equal(Forbidden.Instance, await shared.ExecuteAsync(Bob, new ListRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 })));
    }

    [Fact]
    public async Task Group_OfABucketWhoseClockIsBehind_MakesItsMembersBeginAnew()
    {
        await MakeAsync();
        behind.JumpWallClock(TimeSpan.FromSeconds(-8));
        Advance(Minute);
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "bobs"), Readers("account:bob#2")));
        await PollAsync();

        await ElsewhereAsync(Group("staff", "account:bob#2"), Club);
        Advance(Settled);
        Assert.Equal(["bobs", "old"], await PollAsync());
    }

    [Fact]
    public async Task Write_OfAProcessWhoseClockIsBehind_ReachesWhoHasBegunAnew()
    {
        await MakeAsync();
        Advance(Minute);
        await JoinAsync();
        while (!(await PollAsync()).Contains("old"))
        {
            Advance(TimeSpan.FromSeconds(1));
        }

        behind.JumpWallClock(TimeSpan.FromSeconds(-4));
        await ElsewhereAsync(Put(ObjectRef.Record("c", "new")), Shop);

        Assert.Equal(["bobs", "new", "old"], await PollAsync(elsewhere));
    }

    /// <summary>A clock that was an hour ahead when they polled: nobody can tell what they have seen until that hour is over.</summary>
    [Fact]
    public async Task Reader_OfABucketWhoseClockLeads_BeginsAnewOnceTheLeadIsOver()
    {
        await MakeAsync();
        shared.Time.JumpWallClock(TimeSpan.FromHours(1));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "bobs"), Readers("account:bob#2")));
        shared.Time.JumpWallClock(TimeSpan.FromHours(-1));
        Advance(Minute);
        Assert.Equal(["bobs"], await PollAsync());

        await JoinAsync();
        Advance(Settled);
        await PollAsync();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "new")));
        Assert.Contains("new", await PollAsync());
        Advance(TimeSpan.FromHours(1));
        Assert.Equal(["bobs", "new", "old"], await PollAsync());
        var calm = since;
        Assert.Equal(["bobs", "new", "old"], await PollAsync());
        Assert.Equal(calm, since);
    }

    /// <summary>Between the time up to which nobody knew of it, and that from which clocks agree.</summary>
    [Fact]
    public async Task Reader_WhoPollsBeforeAChangeCounts_BeginsAnewAllTheSame()
    {
        await MakeAsync();
        Advance(Minute);
        await JoinAsync();
        for (var i = 0; i < 11; i++)
        {
            Advance(Settled / 11);
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "late")));
            Assert.Contains("late", await PollAsync());
        }

        Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(["bobs", "late", "old"], await PollAsync());
    }

    /// <summary>A change that does not count yet hides none that does.</summary>
    [Theory]
    [InlineData(0.3)]
    [InlineData(3)]
    [InlineData(19)]
    public async Task Reader_WhoComesAndGoesAllTheTime_BeginsAnewNowAndThen(double seconds)
    {
        await MakeAsync();
        Advance(Minute);
        var (begun, last) = (0, since);
        for (var passed = 0.0; passed < 300; passed += seconds)
        {
            await shared.DoAsync<RecordWritten>(Alice, Group("staff"), Club);
            await JoinAsync();
            Advance(TimeSpan.FromSeconds(seconds));
            Assert.Contains("bobs", await PollAsync());
            begun += since > last ? 1 : 0;
            last = since;
        }

        Assert.Contains("old", seen);
        Assert.InRange(begun, 5, 30);

        await shared.DoAsync<RecordWritten>(Alice, Group("staff"), Club);
        Advance(Settled);
        Assert.Equal(["bobs"], await PollAsync());
    }

    /// <summary>A count gives no rows, so that nobody has begun anew by its stamp, whether they say what they have seen or not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Count_WhileAChangeIsYetToCount_GivesNoStampThatHidesIt(bool isLeaving)
    {
        await MakeAsync();
        if (isLeaving)
        {
            await JoinAsync();
            Advance(Settled);
            Assert.Equal(["bobs", "old"], await PollAsync());
        }

        Advance(Minute);
        await (isLeaving ? shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:carol#3"), Club) : JoinAsync());
        Advance(Settled - TimeSpan.FromSeconds(4));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "new"), Readers("account:bob#2")));

        var unsaid = await shared.DoAsync<CountFound>(Bob, new CountRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 }));
        var said = await shared.DoAsync<CountFound>(Bob, new CountRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1, Since = since }));

        Assert.Equal(isLeaving ? 2 : 3, unsaid.Count);
        Assert.Equal(unsaid.ListStamp, said.ListStamp);
        since = unsaid.ListStamp;
        Advance(Settled);
        Assert.Equal(isLeaving ? ["bobs", "new"] : ["bobs", "new", "old"], await PollAsync());
    }

    private async Task MakeAsync()
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket), Club);
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:carol#3"), Club);
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers(ClubStaff)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "old")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "bobs"), Readers("account:bob#2")));
        Assert.Equal(["bobs"], await PollAsync());
    }

    private Task JoinAsync() => shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"), Club);

    private async Task ElsewhereAsync(Operation operation, BucketId bucket) =>
        Assert.IsType<RecordWritten>(Assert.Single((await elsewhere.Get(bucket).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes));

    private void Advance(TimeSpan by)
    {
        shared.Time.Advance(by);
        behind.Advance(by);
    }

    /// <summary>Polls as a client does that keeps what it was given until it is told to begin anew.</summary>
    private async Task<IEnumerable<string>> PollAsync(IBuckets? at = null)
    {
        while (true)
        {
            var query = new ListQuery { Limit = 100, Since = since, Projection = Projection.Listed };
            var response = await (at ?? shared.Buckets).Get(Shop).ExecuteAsync(new BucketRequest(Bob, [new ListRecords(ListRef.RecordsOf("c"), query)]), default);
            var page = Assert.IsType<PageFound>(Assert.Single(response.Outcomes));
            Assert.True(since is null || page.ListStamp >= since, $"time went back from {since} to {page.ListStamp}");
            var isAnew = page.ListStamp > since && page.Records.Count == 0;
            since = page.ListStamp;
            if (!isAnew)
            {
                seen.UnionWith(page.Records.Where(static record => !record.IsTombstone).Select(static record => record.Id));
                seen.ExceptWith(page.Records.Where(static record => record.IsTombstone).Select(static record => record.Id));
                return seen;
            }

            seen.Clear();
        }
    }
}
