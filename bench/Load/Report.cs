using System.Globalization;

namespace Lockstep.Bench;

/// <summary>Prints what was found, in Markdown.</summary>
internal sealed class Report(TextWriter output)
{
    private const long Megabyte = 1_000_000;

    public void Write(MachineFacts machine, LoadOptions options)
    {
        Line($"- {machine.Cores} cores, Linux {machine.Kernel}, {machine.Runtime}, data on {machine.FileSystem}; client and server on the same machine");
        Line($"- load averages before: {machine.LoadBefore}; after: {MachineFacts.LoadAverage()} (this benchmark is part of the second)");
        Line($"- {options.Rounds} rounds of {options.Seconds} s a scenario, after a round that does not count; medians");
        Line("");
    }

    public void Write(IReadOnlyList<Result> results, bool withPostgres)
    {
        Line($"| Scenario | conn. | requests/s | p50 ms | p99 ms | server CPU us/request |{(withPostgres ? " PostgreSQL CPU us |" : "")} errors | RSS MB | other load |");
        Line($"|---|--:|--:|--:|--:|--:|{(withPostgres ? "--:|" : "")}--:|--:|--:|");
        foreach (var result in results)
        {
            var (scenario, sample) = (result.Scenario, result.Sample);
            Line($"| {scenario.Name} | {scenario.Requests.Count} | {sample.RequestsPerSecond:N0} | {sample.P50:N2} | {sample.P99:N2} "
                + $"| {sample.CpuMicroseconds:N0} |{(withPostgres ? $" {sample.PostgresMicroseconds:N0} |" : "")} {sample.Errors} | {Megabytes(sample.ResidentBytes)} | {sample.OtherLoad:P0} |");
        }

        Line("");
        foreach (var result in results.Where(result => result.Sample.Errors > 0))
        {
            Line($"- ERRORS in '{result.Scenario.Name}', the first: {result.Sample.FirstError}");
        }
    }

    public void Write(long idle, long afterLoad, BucketReport? buckets)
    {
        Line($"- idle RSS after start: {Megabytes(idle)} MB; settled after all scenarios: {Megabytes(afterLoad)} MB");
        if (buckets is not null)
        {
            Line($"- {buckets.Count:N0} buckets touched once, in {buckets.Took.TotalSeconds:N1} s: RSS before {Megabytes(buckets.Before)} MB, "
                + $"after the first {buckets.Count / 50:N0} {Megabytes(buckets.Warm)} MB, right after all {Megabytes(buckets.Touched)} MB "
                + $"(peak {Megabytes(buckets.Peak)} MB), idle again {Megabytes(buckets.Idle)} MB "
                + (buckets.IdleAfter > TimeSpan.Zero ? $"({buckets.IdleAfter.TotalSeconds:N0} s later)" : "(it did not fall)"));
        }

        Line("");
    }

    public void WriteAims(IReadOnlyList<Result> results, long idle, BucketReport? buckets)
    {
        var ratio = Cpu(results, Workload.Poll) / Cpu(results, Workload.Bare);
        var page = Cpu(results, Workload.Page) / 1000;
        var errors = results.Sum(result => result.Errors);
        Line("| Aim | measured | |");
        Line("|---|--:|---|");
        Line($"| 304 poll / bare endpoint, CPU: at most 3 | {ratio:N2} | {Verdict(ratio <= 3)} |");
        Line($"| page, CPU: at most 5 ms | {page:N2} ms | {Verdict(page <= 5)} |");
        Line($"| idle RSS: under 120 MB | {Megabytes(idle)} MB | {Verdict(idle < 120 * Megabyte)} |");
        Line($"| errors: none | {errors} | {Verdict(errors == 0)} |");
        if (buckets is not null)
        {
            Line($"| RSS with {buckets.Count:N0} buckets idle again / before (no aim set) | {(double)buckets.Idle / buckets.Before:N2} | |");
            Line($"| the same / after the first {buckets.Count / 50:N0} (no aim set) | {(double)buckets.Idle / buckets.Warm:N2} | |");
        }
    }

    private static double Cpu(IReadOnlyList<Result> results, string name) =>
        results.Single(result => string.Equals(result.Scenario.Name, name, StringComparison.Ordinal)).Sample.CpuMicroseconds;

    private static string Megabytes(long bytes) => ((double)bytes / Megabyte).ToString("N0", CultureInfo.InvariantCulture);

    private static string Verdict(bool met) => met ? "met" : "**missed**";

    private void Line(FormattableString text) => output.WriteLine(FormattableString.Invariant(text));

    private void Line(string text) => output.WriteLine(text);
}
