using Lockstep.Gateway.Console.Administration.Figures;

namespace Lockstep.Gateway.Protocol;

/// <summary>Percentiles from ranges that double.</summary>
public sealed class DurationCountsTests
{
    [Theory]
    [InlineData(0.00001)]
    [InlineData(0.0001)]
    [InlineData(0.00123)]
    [InlineData(0.05)]
    [InlineData(1)]
    [InlineData(59)]
    public void Percentile_OfOneDuration_IsNotBelowIt_AndAtMostAFifthAbove(double seconds)
    {
        var counts = new int[DurationCounts.Length];
        counts[DurationCounts.PlaceOf(seconds)] = 1;

        Assert.InRange(new DurationCounts(counts).Percentile(0.99)!.Value, Math.Round(seconds * 1000, 2), Math.Max(0.1, seconds * 1000 * 1.2));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(1e9)]
    public void Place_OfAnyDuration_IsOneOfTheRanges(double seconds) => Assert.InRange(DurationCounts.PlaceOf(seconds), 0, DurationCounts.Length - 1);

    [Fact]
    public void Sum_HasTheCountsOfAll()
    {
        var (first, second) = (new int[DurationCounts.Length], new int[DurationCounts.Length]);
        (first[3], second[3], second[7]) = (2, 1, 1);

        var sum = DurationCounts.Sum([new DurationCounts(first), new DurationCounts(second)]);

        Assert.Equal(4, sum.Total);
        Assert.Equal(new DurationCounts(first).Percentile(0.5), sum.Percentile(0.75));
        Assert.NotEqual(sum.Percentile(0.75), sum.Percentile(0.76));
    }
}
