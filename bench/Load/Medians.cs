namespace Lockstep.Bench;

/// <summary>The middle of what several rounds found.</summary>
internal static class Medians
{
    public static double Of<T>(IReadOnlyList<T> rounds, Func<T, double> value)
    {
        var sorted = rounds.Select(value).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
