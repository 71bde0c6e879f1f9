namespace Lockstep.Bench;

/// <summary>What one run of pgbench found, or the medians of several.</summary>
/// <param name="TransactionsPerSecond">Those that were committed.</param>
/// <param name="PostgresMicroseconds">CPU time of all of PostgreSQL for one transaction.</param>
/// <param name="Errors">Failed transactions and messages of errors, those while warming up too.</param>
/// <param name="OtherLoad">CPU time that neither PostgreSQL nor pgbench nor the server took, as a share of the machine.</param>
/// <param name="FirstError">One of the errors.</param>
internal sealed record PgBenchSample(double TransactionsPerSecond, double PostgresMicroseconds, int Errors, double OtherLoad, string? FirstError)
{
    public static PgBenchSample Median(IReadOnlyList<PgBenchSample> rounds) => new(
        Medians.Of(rounds, round => round.TransactionsPerSecond),
        Medians.Of(rounds, round => round.PostgresMicroseconds),
        rounds.Sum(round => round.Errors),
        Medians.Of(rounds, round => round.OtherLoad),
        rounds.Select(round => round.FirstError).FirstOrDefault(error => error is not null));
}
