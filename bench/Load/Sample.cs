namespace Lockstep.Bench;

/// <summary>What one measurement found, or the medians of several.</summary>
/// <param name="RequestsPerSecond">Answers within the measured time.</param>
/// <param name="P50">Median latency in milliseconds.</param>
/// <param name="P99">In milliseconds.</param>
/// <param name="CpuMicroseconds">The server's, for one request; without silos behind it.</param>
/// <param name="SiloMicroseconds">CPU time of all silos behind it, for one request; 0 without.</param>
/// <param name="PostgresMicroseconds">CPU time of all of PostgreSQL for one request; 0 without it.</param>
/// <param name="Errors">Answers that were not as expected, those while warming up too.</param>
/// <param name="ResidentBytes">The server's, at the end.</param>
/// <param name="OtherLoad">CPU time that neither the server nor PostgreSQL nor this client took, as a share of the machine.</param>
/// <param name="Busy">All CPU time that anybody took, as a share of the machine.</param>
/// <param name="SiloCores">Cores that the silos behind the server took, together.</param>
/// <param name="FirstError">One of the errors.</param>
internal sealed record Sample(
    double RequestsPerSecond,
    double P50,
    double P99,
    double CpuMicroseconds,
    double SiloMicroseconds,
    double PostgresMicroseconds,
    int Errors,
    long ResidentBytes,
    double OtherLoad,
    double Busy,
    double SiloCores,
    string? FirstError)
{
    /// <summary>Of server and silos, for one request.</summary>
    public double AllMicroseconds => CpuMicroseconds + SiloMicroseconds;

    public static Sample Median(IReadOnlyList<Sample> rounds) => new(
        Medians.Of(rounds, round => round.RequestsPerSecond),
        Medians.Of(rounds, round => round.P50),
        Medians.Of(rounds, round => round.P99),
        Medians.Of(rounds, round => round.CpuMicroseconds),
        Medians.Of(rounds, round => round.SiloMicroseconds),
        Medians.Of(rounds, round => round.PostgresMicroseconds),
        rounds.Sum(round => round.Errors),
        rounds[^1].ResidentBytes,
        Medians.Of(rounds, round => round.OtherLoad),
        Medians.Of(rounds, round => round.Busy),
        Medians.Of(rounds, round => round.SiloCores),
        rounds.Select(round => round.FirstError).FirstOrDefault(error => error is not null));
}
