namespace Lockstep.Bench;

/// <summary>What the rounds of a scenario found.</summary>
/// <param name="Scenario">What was measured.</param>
/// <param name="Rounds">The server's samples.</param>
/// <param name="PgBenchRounds">pgbench's, each taken right after the server's; none if the scenario has no such partner.</param>
internal sealed record Result(Scenario Scenario, IReadOnlyList<Sample> Rounds, IReadOnlyList<PgBenchSample> PgBenchRounds)
{
    public Sample Sample { get; } = Sample.Median(Rounds);

    public PgBenchSample? PgBench { get; } = PgBenchRounds.Count > 0 ? PgBenchSample.Median(PgBenchRounds) : null;

    public int Errors => Sample.Errors + (PgBench?.Errors ?? 0);
}
