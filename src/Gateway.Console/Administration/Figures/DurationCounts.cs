namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>How often durations were in each of some ranges, from 0.1 ms to 105 s. Four ranges double the duration, so a percentile is too high by a fifth at most.</summary>
internal sealed class DurationCounts(int[] counts)
{
    /// <summary>The number of ranges. The first also has what is shorter, the last what is longer.</summary>
    public const int Length = 82;

    private const double Shortest = 0.0001;
    private const double RangesInADoubling = 4;

    public long Total => counts.Sum(static count => (long)count);

    /// <summary>The range of a duration in seconds.</summary>
    public static int PlaceOf(double seconds) =>
        seconds > Shortest ? Math.Min(Length - 1, (int)Math.Ceiling(Math.Log2(seconds / Shortest) * RangesInADoubling)) : 0;

    /// <summary>The counts of all together.</summary>
    public static DurationCounts Sum(IEnumerable<DurationCounts> parts)
    {
        var sum = new int[Length];
        foreach (var part in parts)
        {
            part.AddTo(sum);
        }

        return new(sum);
    }

    /// <returns>Milliseconds that this part of the requests did not take longer than; null if there was no request.</returns>
    /// <param name="part">From 0 to 1: 0.99.</param>
    public double? Percentile(double part)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(Total * part));
        var seen = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (seen >= wanted)
            {
                return Math.Round(Shortest * 1000 * Math.Pow(2, i / RangesInADoubling), 2);
            }
        }

        return null;
    }

    private void AddTo(int[] sum)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            sum[i] += counts[i];
        }
    }
}
