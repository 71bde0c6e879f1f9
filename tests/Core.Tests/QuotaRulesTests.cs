using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Quotas;
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
            index: null,
            new FakeTime());

        Assert.Equal([10, 1], new[] { BucketId.Named("team"), BucketId.DefaultBucket("team") }.Select(id => rules.OfBucket(id).Bytes));
        Assert.Equal([1, 20], new[] { BucketId.Named("alice"), BucketId.DefaultBucket("alice") }.Select(id => rules.OfBucket(id).Bytes));
        Assert.Equal([2, 30], new[] { BucketId.Named("alice"), BucketId.DefaultBucket("alice") }.Select(id => rules.OfCollection(id, "log").Bytes));
    }
}
