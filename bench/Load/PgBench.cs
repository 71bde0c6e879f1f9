using System.Diagnostics;

namespace Lockstep.Bench;

/// <summary>
/// Runs pgbench once: warms up, then measures. The measured time lies between two of its progress lines, so that neither
/// connecting nor preparing statements is in it.
/// </summary>
internal sealed class PgBench(PostgresServer postgres, ServerProcess server)
{
    // Each of its connections starts, reads the catalog and plans anew, which takes longer than the server's warming up.
    private const int WarmUpSeconds = 3;

    // A line comes late when PostgreSQL stalls; there must be one after the measured time. Then pgbench is ended.
    private const int PatienceSeconds = 20;

    private readonly List<PgBenchProgress> measured = [];
    private MachineLoad? before;
    private MachineLoad? spent;
    private long began;
    private TimeSpan elapsed;
    private int errors;
    private string? firstError;

    public async Task<PgBenchSample> RunAsync(int clients, double seconds, CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartInfo(clients, WarmUpSeconds + seconds + PatienceSeconds))
            ?? throw new InvalidOperationException("pgbench did not start.");
        try
        {
            while (spent is null && await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                Take(line, seconds, process.Id);
            }
        }
        finally
        {
            process.Kill();
        }

        await process.WaitForExitAsync(cancellationToken);
        return Evaluate();
    }

    private ProcessStartInfo StartInfo(int clients, double seconds) => new(
        postgres.PgBench,
        [
            "--no-vacuum", "--protocol=prepared", $"--client={clients}", $"--jobs={Math.Min(clients, Environment.ProcessorCount)}",
            $"--time={Math.Ceiling(seconds)}", "--progress=1", $"--file={postgres.Script}", $"--define=body={Workload.Data(Workload.PutSize)}",
        ])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    private void Take(string line, double seconds, int process)
    {
        if (PgBenchProgress.Parse(line) is not { } progress)
        {
            if (line.Contains("error:", StringComparison.Ordinal))
            {
                Fail(line);
            }

            return;
        }

        if (progress.Failed > 0)
        {
            Fail(line, progress.Failed);
        }

        // The lines' times are a little off the second.
        const double Tolerance = 0.25;
        var now = TimeProvider.System.GetTimestamp();
        if (before is null)
        {
            if (progress.Time >= WarmUpSeconds - Tolerance)
            {
                (before, began) = (MachineLoad.Of(server, postgres, process), now);
                measured.Add(progress);
            }
        }
        else
        {
            measured.Add(progress);
            if (progress.Time - measured[0].Time >= seconds - Tolerance)
            {
                (spent, elapsed) = (MachineLoad.Of(server, postgres, process) - before, TimeProvider.System.GetElapsedTime(began, now));
            }
        }
    }

    private PgBenchSample Evaluate()
    {
        if (spent is null)
        {
            throw new InvalidOperationException($"pgbench did not run to its end: {firstError}");
        }

        // The first of the lines ends the warming up.
        var committed = measured.Zip(measured.Skip(1), static (last, next) => next.TransactionsPerSecond * (next.Time - last.Time)).Sum();
        var rate = committed / (measured[^1].Time - measured[0].Time);
        return new PgBenchSample(
            rate, spent.Postgres / (rate * elapsed.TotalSeconds), errors, spent.Other / (elapsed.TotalMicroseconds * Environment.ProcessorCount), firstError);
    }

    private void Fail(string what, int count = 1)
    {
        errors += count;
        firstError ??= what;
    }
}
