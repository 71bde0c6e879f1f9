using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

public sealed class BucketClockTests
{
    [Theory]
    [InlineData(BucketKind.Kinto, 1005, 1000, 1005)]
    [InlineData(BucketKind.Kinto, 1000, 1000, 1001)]
    [InlineData(BucketKind.Kinto, 5, 1000, 1001)]
    [InlineData(BucketKind.Sync, 1005, 1000, 1010)]
    [InlineData(BucketKind.Sync, 1000, 1000, 1010)]
    [InlineData(BucketKind.Sync, 1020, 1000, 1020)]
    [InlineData(BucketKind.Sync, 5, 1003, 1020)]
    public void Next_IsAboveTheLast_OnTheKindsGrid(BucketKind kind, long now, long last, long expected) =>
        Assert.Equal(new ServerTimestamp(expected), BucketClock.Next(kind, new(now), new(last)));

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
