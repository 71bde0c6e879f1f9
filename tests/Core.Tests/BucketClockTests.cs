using CsCheck;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

public sealed class BucketClockTests
{
    /// <summary>Kind, wall clock and last stamp: near each other, where mistakes are, and far.</summary>
    private static readonly Gen<(BucketKind Kind, long Now, long Last)> Moments = Gen.Select(
        Gen.OneOf(BucketKind.Kinto, BucketKind.Sync),
        Gen.Long[0, 4_000_000_000_000],
        Gen.Frequency<long>((3, Gen.Long[-30, 30]), (1, Gen.Long[-4_000_000_000, 4_000_000_000])),
        static (kind, now, off) => (kind, now, Math.Max(0, now + off)));

    [Theory]
    [InlineData(BucketKind.Kinto, 1005, 1000, 1005)]
    [InlineData(BucketKind.Kinto, 1000, 1000, 1001)]
    [InlineData(BucketKind.Kinto, 5, 1000, 1001)]
    [InlineData(BucketKind.Sync, 1005, 1000, 1010)]
    [InlineData(BucketKind.Sync, 1000, 1000, 1010)]
    [InlineData(BucketKind.Sync, 1020, 1000, 1020)]
    [InlineData(BucketKind.Sync, 5, 1003, 1020)]
    public void Next_IsAboveTheLast_OnTheKindsGrid(BucketKind kind, long now, long last, long expected) =>
        Assert.Equal(new ServerTimestamp(expected), BucketClock.Next(BucketRules.Of(kind), new(now), new(last)));

    [Fact]
    public void Next_OfAnyClocks_IsTheFirstOnTheGridThatIsNotBeforeNowAndAfterTheLast() => Moments.Sample(static (kind, now, last) =>
    {
        var step = kind == BucketKind.Sync ? 10 : 1;
        var next = BucketClock.Next(BucketRules.Of(kind), new(now), new(last)).Milliseconds;

        Assert.Equal(0, next % step);
        Assert.True(next >= now && next >= last + step);
        Assert.True(next - step < now || next - step < last + step);
    });

    [Fact]
    public void Accepts_AnyHint_OnlyWhereNextCouldHaveSaidItWithinASecond() => Gen.Select(Moments, Gen.Long[-3_000, 3_000]).Sample(static (clocks, off) =>
    {
        var (kind, now, last) = clocks;
        var hint = new ServerTimestamp(Math.Max(0, now + off));

        Assert.Equal(
            BucketClock.Next(BucketRules.Of(kind), hint, new(last)) == hint && hint > new ServerTimestamp(last) && hint.Milliseconds <= now + 1_000,
            BucketClock.Accepts(BucketRules.Of(kind), hint, new(now), new(last)));
    });

    [Theory]
    [InlineData("1", 1)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("0", 0)]
    public void TryParse_Digits_AreReadExactly(string text, long expected)
    {
        Assert.True(ServerTimestamp.TryParse(text, out var stamp));
        Assert.Equal(expected, stamp.Milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("9223372036854775808")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(ServerTimestamp.TryParse(text, out _));
}
