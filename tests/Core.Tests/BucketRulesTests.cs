using Lockstep.Core.Buckets;

namespace Lockstep.Core.Tests;

public sealed class BucketRulesTests
{
    public static TheoryData<BucketKind> Known => [.. Enum.GetValues<BucketKind>().Where(static kind => kind != BucketKind.Unknown)];

    [Theory]
    [MemberData(nameof(Known))]
    public void Of_AKindWithAName_IsKnown_AndItsOwn(BucketKind kind)
    {
        Assert.True(BucketRules.Of(kind).IsKnown);
        Assert.All(Enum.GetValues<BucketKind>().Where(other => other != kind), other => Assert.NotEqual(BucketRules.Of(kind), BucketRules.Of(other)));
    }

    /// <summary>As a newer program may have stored it.</summary>
    [Theory]
    [InlineData(BucketKind.Unknown)]
    [InlineData((BucketKind)3)]
    [InlineData((BucketKind)byte.MaxValue)]
    public void Of_AnyOtherKind_AllowsNothingAndRemovesNothing(BucketKind kind)
    {
        var rules = BucketRules.Of(kind);

        Assert.Equal((false, false, false), (rules.IsKnown, rules.IsShareable, rules.Expires));
        Assert.Equal((false, false, false, false), (rules.Tombstones, rules.HasReadableData, rules.KeepsHistory, rules.HasQuotas));
    }
}
