using System.Globalization;

namespace Lockstep.Bench;

/// <summary>A line that pgbench prints each second, about the time since the line before.</summary>
/// <param name="Time">In seconds since it began to run transactions.</param>
/// <param name="TransactionsPerSecond">Those that were committed.</param>
/// <param name="Failed">Transactions that were not.</param>
internal sealed record PgBenchProgress(double Time, double TransactionsPerSecond, int Failed)
{
    /// <param name="line"><c>progress: 3.0 s, 1234.5 tps, lat 25.9 ms stddev 3.1, 0 failed</c>.</param>
    /// <returns>Null for another line.</returns>
    public static PgBenchProgress? Parse(string line) => line.Split(' ') switch
    {
        ["progress:", var time, "s,", var rate, "tps,", .., var failed, "failed"] => new PgBenchProgress(
            double.Parse(time, CultureInfo.InvariantCulture),
            double.Parse(rate, CultureInfo.InvariantCulture),
            int.Parse(failed, CultureInfo.InvariantCulture)),
        _ => null,
    };
}
