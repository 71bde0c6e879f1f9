namespace Lockstep.Bench;

/// <summary>Runs a scenario once, on new connections: warms up, then measures.</summary>
internal static class Measurement
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<Sample> RunAsync(
        Scenario scenario, PostgresServer? postgres, TimeSpan warmUp, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(warmUp + duration + Patience);
        var phase = new Phase();
        var loops = scenario.Requests.Select(request => new ConnectionLoop(scenario, request, phase)).ToArray();
        var connections = new List<HttpConnection>(loops.Length);
        try
        {
            foreach (var _ in loops)
            {
                connections.Add(await HttpConnection.OpenAsync(scenario.Server.Address, limit.Token));
            }

            var running = Task.WhenAll(loops.Zip(connections, (loop, connection) => loop.RunAsync(connection, limit.Token)));
            await Task.Delay(warmUp, limit.Token);

            // Looking at all processes takes a while: both times from the same point of it.
            var began = TimeProvider.System.GetTimestamp();
            phase.Begin();
            var before = MachineLoad.Of(scenario.Server, postgres, Environment.ProcessId);
            await Task.Delay(duration, limit.Token);
            phase.End();
            var elapsed = TimeProvider.System.GetElapsedTime(began);
            var spent = MachineLoad.Of(scenario.Server, postgres, Environment.ProcessId) - before;
            var resident = scenario.Server.ResidentBytes();
            await running;
            cancellationToken.ThrowIfCancellationRequested();
            return Evaluate(loops, elapsed, spent, resident);
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }
    }

    private static Sample Evaluate(ConnectionLoop[] loops, TimeSpan elapsed, MachineLoad spent, long resident)
    {
        var sorted = loops.SelectMany(loop => loop.Latencies).Order().ToArray();
        var machine = elapsed.TotalMicroseconds * Environment.ProcessorCount;
        return new Sample(
            sorted.Length / elapsed.TotalSeconds,
            Percentile(sorted, 0.50),
            Percentile(sorted, 0.99),
            PerRequest(spent.Server),
            PerRequest(spent.Silos),
            PerRequest(spent.Postgres),
            loops.Sum(loop => loop.Errors),
            resident,
            spent.Other / machine,
            spent.All / machine,
            spent.Silos / elapsed.TotalMicroseconds,
            loops.Select(loop => loop.FirstError).FirstOrDefault(error => error is not null));

        double PerRequest(double cpu) => sorted.Length == 0 ? double.NaN : cpu / sorted.Length;
    }

    private static double Percentile(long[] sorted, double share) => sorted.Length == 0
        ? double.NaN
        : TimeProvider.System.GetElapsedTime(0, sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)]).TotalMilliseconds;
}
