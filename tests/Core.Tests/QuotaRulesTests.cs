using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Which limits are whose.</summary>
public sealed class QuotaRulesTests
{
    /// <summary>Anybody can name a bucket as somebody's personal one is called.</summary>
    [Fact]
    public void Override_OfAPersonalBucket_IsNotThatOfTheNamedOneOfItsId()
    {
        var rules = new QuotaRules(
            new QuotaOptions
            {
                BucketBytes = 1,
                CollectionBytes = 2,
                Overrides = new Dictionary<string, QuotaOverride>(StringComparer.Ordinal)
                {
                    ["1"] = new() { Bucket = "team", Bytes = 10 },
                    ["2"] = new() { Bucket = "u:alice", Bytes = 20 },
                    ["3"] = new() { Bucket = "u:alice", Collection = "log", Bytes = 30 },
                },
            },
            stored: [],
            usage: null);

        Assert.Equal([10, 1], new[] { BucketId.Named("team"), BucketId.DefaultBucket("team") }.Select(id => rules.OfBucket(id).Bytes));
        Assert.Equal([1, 20], new[] { BucketId.Named("alice"), BucketId.DefaultBucket("alice") }.Select(id => rules.OfBucket(id).Bytes));
        Assert.Equal([2, 30], new[] { BucketId.Named("alice"), BucketId.DefaultBucket("alice") }.Select(id => rules.OfCollection(id, "log").Bytes));
    }

    [Fact]
    public void Quota_ThatIsStored_GoesBeforeOverrides_AndThoseBeforeWhatAllMay_EachForItself()
    {
        var rules = new QuotaRules(
            new QuotaOptions
            {
                BucketBytes = 1,
                BucketRecords = 2,
                CollectionRecords = 3,
                UserBytes = 4,
                Overrides = new Dictionary<string, QuotaOverride>(StringComparer.Ordinal)
                {
                    ["1"] = new() { Bucket = "team", Bytes = 10, Records = 11 },
                    ["2"] = new() { User = "account:alice", Bytes = 12 },
                },
            },
            [Stored("/buckets/team", 20, null), Stored("/buckets/u:a", null, 0), Stored("/buckets/team/collections/log", null, 21), Stored("/users/account:bob", 22, 23)],
            usage: null);

        Assert.Equal(new QuotaAmount(20, 11), rules.OfBucket(BucketId.Named("team")));
        Assert.Equal(new QuotaAmount(1, 0), rules.OfBucket(BucketId.DefaultBucket("a")));
        Assert.Equal(new QuotaAmount(1, 2), rules.OfBucket(BucketId.Named("a")));
        Assert.Equal(new QuotaAmount(0, 21), rules.OfCollection(BucketId.Named("team"), "log"));
        Assert.Equal(new QuotaAmount(0, 3), rules.OfCollection(BucketId.Named("team"), "other"));
        Assert.Equal([new QuotaAmount(12, 0), new QuotaAmount(22, 23), new QuotaAmount(4, 0)], new[] { "alice", "bob", "carol" }.Select(name => rules.OfUser($"account:{name}")));
    }

    [Fact]
    public async Task Quotas_ThatAreSetAndRemoved_HoldFromTheNextTurnOn()
    {
        using var buckets = new InProcessBuckets(new InMemoryBucketStore(), new BucketOptions(), new FakeTime());
        Assert.Equal(default, await WrittenAsync("a"));

        buckets.SetQuotas([Stored("/buckets/u:alice", null, 2)]);
        Assert.Equal(new QuotaLeft(null, 0), await WrittenAsync("b"));
        Assert.IsType<OverQuota>(await PutAsync("c"));

        buckets.SetQuotas([]);
        Assert.Equal(default, await WrittenAsync("c"));

        async Task<QuotaLeft> WrittenAsync(string id) => Assert.IsType<RecordWritten>(await PutAsync(id)).QuotaLeft;

        async Task<Outcome> PutAsync(string id) => (await buckets.Get(BucketId.DefaultBucket("alice")).ExecuteAsync(
            new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [new PutRecord(ObjectRef.Record("tasks", id), "{}"u8.ToArray())]), default)).Outcomes[0];
    }

    /// <summary>What is known of a user is right only while each commit is added to it.</summary>
    [Fact]
    public void Quotas_OfUsers_ThatComeBack_GoByNothingThatWasKnownBefore()
    {
        var quotas = new CurrentQuotas(new QuotaOptions(), new InMemoryBucketStore(), new FakeTime());
        quotas.Set([Stored("/users/account:alice", 5, null)]);
        var first = quotas.Rules!.Usage;
        quotas.Set([Stored("/users/account:alice", 5, null), Stored("/buckets/team", 5, null)]);
        Assert.NotNull(first);
        Assert.Same(first, quotas.Rules!.Usage);

        quotas.Set([Stored("/buckets/team", 5, null)]);
        Assert.Null(quotas.Rules!.Usage);
        quotas.Set([Stored("/users/account:alice", 5, null)]);

        Assert.NotNull(quotas.Rules!.Usage);
        Assert.NotSame(first, quotas.Rules!.Usage);
    }

    private static Quota Stored(string subject, long? bytes, long? records) => new(QuotaSubject.Parse(subject)!, bytes, records);
}
