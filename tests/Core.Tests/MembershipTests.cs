using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>How long a membership counts, and what finding it out costs.</summary>
public sealed class MembershipTests : IDisposable
{
    private static readonly BucketId Shop = BucketId.Named("shop");
    private static readonly BucketId Club = BucketId.Named("club");
    private static readonly ReadOnlyMemory<byte> Empty = "{}"u8.ToArray();

    private readonly FakeTime time = new();
    private readonly CountingStore store = new(new InMemoryBucketStore());
    private readonly InProcessBuckets buckets;

    public MembershipTests()
    {
        time.Advance(TimeSpan.FromDays(20_000));
        buckets = new InProcessBuckets(store, new BucketOptions(), time);
    }

    public void Dispose() => buckets.Dispose();

    [Theory]
    [InlineData("account:bob", true)]
    [InlineData("", false)]
    [InlineData("a\0b", false)]
    public void Principal_IsWhatEveryStoreKeeps(string text, bool isPossible) => Assert.Equal(isPossible, PrincipalText.IsPossible(text));

    [Fact]
    public void Principal_OfManyBytes_IsNone()
    {
        Assert.True(PrincipalText.IsPossible(new string('x', PrincipalText.MaxBytes)));
        Assert.False(PrincipalText.IsPossible(new string('x', PrincipalText.MaxBytes + 1)));
        Assert.False(PrincipalText.IsPossible(new string('\u4e2d', PrincipalText.MaxBytes / 2)));
    }

    [Fact]
    public async Task Group_OfAnotherBucket_IsRememberedNoLongerThanTheSetting()
    {
        await MakeAsync("/buckets/club/groups/staff");
        Assert.Equal(Forbidden.Instance, await ReadAsync());
        await JoinAsync("account:bob#2");

        // That somebody is in none is not remembered.
        Assert.IsType<RecordFound>(await ReadAsync());
        await JoinAsync();
        Assert.IsType<RecordFound>(await ReadAsync());
        time.Advance(new AccessOptions().MembershipTime - TimeSpan.FromMilliseconds(1));
        Assert.IsType<RecordFound>(await ReadAsync());
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Forbidden.Instance, await ReadAsync());
    }

    /// <summary>Also where the reader was answered by what was remembered, after they had been let go.</summary>
    [Fact]
    public async Task Poller_WhomAGroupOfAnotherBucketTakesAndLetsGo_EndsWithWhatTheyMaySee()
    {
        await MakeAsync("a:b");
        var shared = new AccessChange([new AccessEdit(AccessEditKind.Set, Right.Read, ["/buckets/club/groups/staff"])]);
        await ExecuteAsync(Shop, Alice, new PutRecord(ObjectRef.Collection("c"), Empty) { Access = shared });
        await ExecuteAsync(Shop, Alice, new PutRecord(ObjectRef.Record("c", "staffs"), Empty));
        await ExecuteAsync(Shop, Alice, new PutRecord(ObjectRef.Record("c", "his"), Empty) { Access = new AccessChange([new AccessEdit(AccessEditKind.Set, Right.Read, ["account:bob#2"])]) });
        var (seen, since) = (new SortedSet<string>(StringComparer.Ordinal), ServerTimestamp.Zero);
        await PollAsync();
        Assert.Equal(["his"], seen);

        time.Advance(TimeSpan.FromMinutes(1));
        await JoinAsync("account:bob#2");
        time.Advance(SharedBucket.Settled);
        await PollAsync();
        Assert.Equal(["his", "staffs"], seen);
        time.Advance(TimeSpan.FromMinutes(1));
        await PollAsync();
        await JoinAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        await ExecuteAsync(Shop, Alice, new PutRecord(ObjectRef.Record("c", "late"), Empty));
        await PollAsync();
        Assert.Contains("late", seen);
        time.Advance(SharedBucket.Settled);
        await PollAsync();
        Assert.Equal(["his"], seen);

        async Task PollAsync()
        {
            while (true)
            {
                var query = new ListQuery { Limit = 100, Since = since == ServerTimestamp.Zero ? null : since };
                var page = Assert.IsType<PageFound>(await ExecuteAsync(Shop, Bob, new ListRecords(ListRef.RecordsOf("c"), query)));
                Assert.True(page.ListStamp >= since);
                var isAnew = since > ServerTimestamp.Zero && page.ListStamp > since && page.Records.Count == 0;
                since = page.ListStamp;
                if (!isAnew)
                {
                    seen.UnionWith(page.Records.Select(static record => record.Id));
                    return;
                }

                seen.Clear();
            }
        }
    }

    [Fact]
    public async Task Group_OfTheBucket_CountsAtOnce_AndIsLookedUpOnceForAsLongAsGroupsStay()
    {
        await MakeAsync("/buckets/shop/groups/staff");
        await JoinAsync(Shop, "account:bob#2");
        var before = store.Reads;
        for (var i = 0; i < 10; i++)
        {
            Assert.IsType<RecordFound>(await ReadAsync());
        }

        Assert.Equal(1, store.Reads - before);
        await JoinAsync(Shop);
        Assert.Equal(Forbidden.Instance, await ReadAsync());
    }

    [Fact]
    public async Task Caller_InVeryManyGroups_CostsOneLargeRead_AndThenOnlyThatOfGroupsThatAreNamed()
    {
        await MakeAsync("/buckets/shop/groups/staff");
        foreach (var id in Enumerable.Range(0, 1_100).Select(static i => $"g{i}").Append("staff"))
        {
            await JoinGroupAsync(Shop, id, "account:bob#2");
        }

        Assert.IsType<RecordFound>(await ReadAsync());
        var before = store.Scans.Count;
        for (var i = 0; i < 10; i++)
        {
            Assert.IsType<RecordFound>(await ReadAsync());
        }

        Assert.Equal(10, store.Scans.Skip(before).Count(static scan => scan.Groups is [var named] && named.Id == "staff"));
        Assert.Equal(10, store.Scans.Count - before);
        await JoinAsync(Shop);
        Assert.Equal(Forbidden.Instance, await ReadAsync());
    }

    /// <summary>Each asks again where the one that they waited for got no answer.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public async Task Callers_WhoNeedTheSameReadAtOnce_ShareIt(bool fails, int reads)
    {
        await MakeAsync("/buckets/shop/groups/staff");
        await JoinAsync(Shop, "account:bob#2");
        var (before, answer) = (store.Reads, new TaskCompletionSource());
        store.BeforeRead = answer.Task;
        var all = Enumerable.Range(0, 3).Select(_ => ReadAsync()).ToList();
        Assert.Equal(1, store.Reads - before);

        store.BeforeRead = Task.CompletedTask;
        if (fails)
        {
            answer.SetException(new StoreUnavailableException("Away."));
        }
        else
        {
            answer.SetResult();
        }

        var outcomes = await Task.WhenAll(all);
        Assert.Equal(fails ? 1 : 0, outcomes.Count(static outcome => outcome is Unavailable));
        Assert.Equal(fails ? 2 : 3, outcomes.Count(static outcome => outcome is RecordFound));
        Assert.Equal(reads, store.Reads - before);
    }

    /// <summary>
    /// Save where an object of one is shown, which says who may write it: that can come from a group; and where a reader may have to begin anew.
    /// </summary>
    [Fact]
    public async Task Owner_AndWhoIsNamed_AreLookedUpNowhere()
    {
        await MakeAsync("account:bob#2", "/buckets/club/groups/staff");
        await JoinAsync(Shop, "a:b");
        var before = store.Reads;

        Assert.IsType<PageFound>(await ExecuteAsync(Shop, Bob, new ListRecords(ListRef.Collections, new ListQuery { Limit = 1, Since = new(long.MaxValue / 2) })));
        Assert.IsType<RecordFound>(await ReadAsync(Alice));
        await ExecuteAsync(Shop, Alice, new PutRecord(ObjectRef.Collection("c"), Empty));

        Assert.Equal(before, store.Reads);
    }

    [Fact]
    public async Task Account_WithoutItsNumber_IsNobodyThatIsNamed()
    {
        await MakeAsync("account:bob#2", "account:bob");

        Assert.Equal(Forbidden.Instance, await ReadAsync(new Caller(new PrincipalSet("account:bob"), BucketAccess.ByAcl)));
        Assert.Equal(Forbidden.Instance, await ReadAsync(new Caller(new PrincipalSet("account:bob") { Account = new AccountRef(3, default) }, BucketAccess.ByAcl)));
        Assert.IsType<RecordFound>(await ReadAsync());
    }

    private static Caller Alice => new(new PrincipalSet("account:alice") { Account = new AccountRef(1, default) }, BucketAccess.ByAcl);

    private static Caller Bob => new(new PrincipalSet("account:bob") { Account = new AccountRef(2, default) }, BucketAccess.ByAcl);

    private Task<Outcome> ReadAsync(Caller? caller = null) => ExecuteAsync(Shop, caller ?? Bob, new ReadRecord(ObjectRef.Bucket));

    private async Task MakeAsync(params string[] readers)
    {
        var access = new AccessChange([new AccessEdit(AccessEditKind.Set, Right.Read, readers)]);
        Assert.IsType<RecordWritten>(await ExecuteAsync(Shop, Alice, new PutRecord(ObjectRef.Bucket, Empty) { Access = access }));
        Assert.IsType<RecordWritten>(await ExecuteAsync(Club, Alice, new PutRecord(ObjectRef.Bucket, Empty)));
    }

    private Task JoinAsync(params string[] members) => JoinAsync(Club, members);

    private Task JoinAsync(BucketId bucket, params string[] members) => JoinGroupAsync(bucket, "staff", members);

    private async Task JoinGroupAsync(BucketId bucket, string id, params string[] members)
    {
        var names = string.Join(',', members.Select(static member => $"\"{PrincipalText.Public(member)}\""));
        var put = new PutRecord(ObjectRef.Group(id), System.Text.Encoding.UTF8.GetBytes($$"""{"members":[{{names}}]}""")) { Access = new AccessChange([]) { Accounts = members } };
        Assert.IsType<RecordWritten>(await ExecuteAsync(bucket, Alice, put));
    }

    private async Task<Outcome> ExecuteAsync(BucketId bucket, Caller caller, Operation operation) =>
        (await buckets.Get(bucket).ExecuteAsync(new BucketRequest(caller, [operation]), default)).Outcomes[0];

    private sealed class CountingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public List<GrantScan> Scans { get; } = [];

        public int Reads => Scans.Count;

        public Task BeforeRead { get; set; } = Task.CompletedTask;

        public override async ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken)
        {
            Scans.Add(scan);
            await BeforeRead;
            return await base.ReadGrantsAsync(scan, cancellationToken);
        }
    }
}
