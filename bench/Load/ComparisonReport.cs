using System.Globalization;

namespace Lockstep.Bench;

/// <summary>Prints what servers did side by side, in Markdown.</summary>
internal sealed class ComparisonReport(TextWriter output, ComparisonOptions options)
{
    public void Write(MachineFacts machine)
    {
        Line($"- {machine.Cores} cores, Linux {machine.Kernel}, {machine.Runtime}, data on {machine.FileSystem}; clients, servers and PostgreSQL on the same machine");
        Line($"- load averages before: {machine.LoadBefore}; after: {MachineFacts.LoadAverage()} (this benchmark is part of the second)");
        Line($"- {options.Rounds} rounds of {options.Seconds} s a scenario at each server in turn, after rounds that do not count; medians");
        if (options.SiloShare > 0)
        {
            Line($"- each silo may take {options.SiloShare:N2} of a core");
        }

        Line("");
    }

    public void WriteFootprints(string when, IReadOnlyList<Footprint> footprints)
    {
        Line($"| Process, {when} | RSS MB | CPU, % of a core |");
        Line($"|---|--:|--:|");
        foreach (var footprint in footprints)
        {
            Line($"| {footprint.Server}: {footprint.Role} | {Megabytes(footprint.ResidentBytes)} | {100 * footprint.Cpu:N1} |");
        }

        Line("");
    }

    public void Write(IReadOnlyList<Result> results)
    {
        Line($"| Scenario | server | requests/s | p50 ms | p99 ms | HTTP process CPU us | silos CPU us | PostgreSQL CPU us | silos' cores | errors | other load | machine busy |");
        Line($"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var result in results)
        {
            var sample = result.Sample;
            Line($"| {result.Scenario.Name} | {NameOf(result)} | {sample.RequestsPerSecond:N0} | {sample.P50:N2} | {sample.P99:N2} | {sample.CpuMicroseconds:N0} "
                + $"| {sample.SiloMicroseconds:N0} | {sample.PostgresMicroseconds:N0} | {sample.SiloCores:N2} | {sample.Errors} | {sample.OtherLoad:P0} | {sample.Busy:P0} |");
        }

        Line("");
        foreach (var result in results.Where(static result => result.Errors > 0))
        {
            Line($"- ERRORS in '{result.Scenario.Name}' of {NameOf(result)}, the first: {result.Sample.FirstError}");
        }

        foreach (var compared in options.Servers.Skip(1))
        {
            WriteRatios(compared, options.Servers[0], results);
        }

        if (options.Servers.Count > 2)
        {
            WriteRatios(options.Servers[2], options.Servers[1], results);
        }
    }

    public void WriteCold(string name, (double Server, double Silos, double Postgres) cpu)
    {
        Line($"- {name}: a poll of somebody who was away for 100 s costs {cpu.Server:N0} us of CPU in the HTTP process, {cpu.Silos:N0} us in silos, {cpu.Postgres:N0} us in PostgreSQL");
        Line("");
    }

    public void Write(BucketReport buckets)
    {
        Line($"- {buckets.Count:N0} buckets touched once, in {buckets.Took.TotalSeconds:N1} s: RSS of the process with their owners before {Megabytes(buckets.Before)} MB, "
            + $"after the first {buckets.Count / 50:N0} {Megabytes(buckets.Warm)} MB, right after all {Megabytes(buckets.Touched)} MB "
            + $"(peak {Megabytes(buckets.Peak)} MB), idle again {Megabytes(buckets.Idle)} MB, {buckets.IdleAfter.TotalSeconds:N0} s later; "
            + $"a bucket in memory: {(double)(buckets.Touched - buckets.Warm) / (buckets.Count - (buckets.Count / 50)):N0} bytes");
        Line("");
    }

    private void WriteRatios(ComparedServer one, ComparedServer other, IReadOnlyList<Result> results)
    {
        Line($"{one.Name} / {other.Name}, of the medians; in parentheses the rounds' lowest and highest:");
        Line("");
        Line($"| Scenario | requests/s | p50 | p99 | server CPU a request | p50 more, ms | server CPU more, us |");
        Line($"|---|--:|--:|--:|--:|--:|--:|");
        foreach (var mine in results.Where(result => ReferenceEquals(result.Scenario.Server, one.Server)))
        {
            var its = results.Single(result => ReferenceEquals(result.Scenario.Server, other.Server) && string.Equals(result.Scenario.Name, mine.Scenario.Name, StringComparison.Ordinal));
            Line($"| {mine.Scenario.Name} | {Ratio(mine, its, static sample => sample.RequestsPerSecond)} | {Ratio(mine, its, static sample => sample.P50)} "
                + $"| {Ratio(mine, its, static sample => sample.P99)} | {Ratio(mine, its, static sample => sample.AllMicroseconds)} "
                + $"| {mine.Sample.P50 - its.Sample.P50:N2} | {mine.Sample.AllMicroseconds - its.Sample.AllMicroseconds:N0} |");
        }

        Line("");
    }

    private static string Ratio(Result one, Result other, Func<Sample, double> value)
    {
        var rounds = one.Rounds.Zip(other.Rounds, (mine, its) => value(mine) / value(its)).Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{value(one.Sample) / value(other.Sample):N2} ({rounds[0]:N2} to {rounds[^1]:N2})");
    }

    private string NameOf(Result result) => options.Servers.Single(compared => ReferenceEquals(compared.Server, result.Scenario.Server)).Name;

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("N0", CultureInfo.InvariantCulture);

    private void Line(FormattableString text) => output.WriteLine(FormattableString.Invariant(text));

    private void Line(string text) => output.WriteLine(text);
}
