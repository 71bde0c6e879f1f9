namespace Lockstep.Bench;

/// <summary>What one measurement found, or the medians of several.</summary>
/// <param name="RequestsPerSecond">Answers within the measured time.</param>
/// <param name="P50">Median latency in milliseconds.</param>
/// <param name="P99">In milliseconds.</param>
/// <param name="CpuMicroseconds">The server's, for one request.</param>
/// <param name="Errors">Answers that were not as expected, those while warming up too.</param>
/// <param name="ResidentBytes">The server's, at the end.</param>
/// <param name="OtherLoad">CPU time that neither the server nor this client took, as a share of the machine.</param>
/// <param name="FirstError">One of the errors.</param>
internal sealed record Sample(
    double RequestsPerSecond, double P50, double P99, double CpuMicroseconds, int Errors, long ResidentBytes, double OtherLoad, string? FirstError)
{
    public static Sample Median(IReadOnlyList<Sample> rounds) => new(
        Middle(rounds, round => round.RequestsPerSecond),
        Middle(rounds, round => round.P50),
        Middle(rounds, round => round.P99),
        Middle(rounds, round => round.CpuMicroseconds),
        rounds.Sum(round => round.Errors),
        rounds[^1].ResidentBytes,
        Middle(rounds, round => round.OtherLoad),
        rounds.Select(round => round.FirstError).FirstOrDefault(error => error is not null));

    private static double Middle(IReadOnlyList<Sample> rounds, Func<Sample, double> value)
    {
        var sorted = rounds.Select(value).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
