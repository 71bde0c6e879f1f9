namespace Lockstep.Bench;

/// <summary>Prints how the server compares to pgbench, in Markdown.</summary>
internal sealed class PgBenchReport(TextWriter output)
{
    /// <param name="results">Those with samples of pgbench.</param>
    public void Write(IReadOnlyList<Result> results)
    {
        Line("PUT 1 KB beside pgbench, which does the same to the same PostgreSQL, one transaction a record:");
        Line("");
        Line("| users | server req/s | pgbench tps | ratio | server CPU us | PostgreSQL CPU us | server + PostgreSQL | pgbench's PostgreSQL CPU us | errors |");
        Line("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var result in results)
        {
            var (sample, partner) = (result.Sample, result.PgBench!);
            Line($"| {result.Scenario.Requests.Count} | {sample.RequestsPerSecond:N0} | {partner.TransactionsPerSecond:N0} "
                + $"| {sample.RequestsPerSecond / partner.TransactionsPerSecond:N2} | {sample.CpuMicroseconds:N0} | {sample.PostgresMicroseconds:N0} "
                + $"| {sample.CpuMicroseconds + sample.PostgresMicroseconds:N0} | {partner.PostgresMicroseconds:N0} | {result.Errors} |");
        }

        Line("");
        foreach (var result in results)
        {
            var ratios = result.Rounds.Zip(result.PgBenchRounds, static (server, partner) =>
                $"{server.RequestsPerSecond / partner.TransactionsPerSecond:N2}");
            Line($"- {result.Scenario.Requests.Count} users: the rounds' ratios {string.Join(", ", ratios)}; other load beside pgbench {result.PgBench!.OtherLoad:P0}");
            if (result.PgBench.FirstError is { } error)
            {
                Line($"- ERRORS of pgbench with {result.Scenario.Requests.Count} clients, the first: {error}");
            }
        }

        Line("");
    }

    private void Line(string text) => output.WriteLine(text);
}
