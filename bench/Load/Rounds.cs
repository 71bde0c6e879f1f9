namespace Lockstep.Bench;

/// <summary>Measures scenarios in rounds, so that a slow spell of the machine does not hit one alone.</summary>
internal sealed class Rounds(LoadOptions options)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);

    /// <summary>A short round that does not count, in which the servers compile.</summary>
    public async Task PrepareAsync(IReadOnlyList<Scenario> scenarios, CancellationToken cancellationToken)
    {
        foreach (var scenario in scenarios)
        {
            await MeasureAsync(scenario, 0, 1, cancellationToken);
            await MeasurePartnerAsync(scenario, 0, 1, cancellationToken);
        }
    }

    public async Task<IReadOnlyList<Result>> RunAsync(IReadOnlyList<Scenario> scenarios, CancellationToken cancellationToken)
    {
        var samples = scenarios.ToDictionary(scenario => scenario, _ => new List<Sample>());
        var partners = scenarios.ToDictionary(scenario => scenario, _ => new List<PgBenchSample>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var scenario in scenarios)
            {
                samples[scenario].Add(await MeasureAsync(scenario, round, options.Seconds, cancellationToken));
                if (await MeasurePartnerAsync(scenario, round, options.Seconds, cancellationToken) is { } partner)
                {
                    partners[scenario].Add(partner);
                }
            }
        }

        return [.. scenarios.Select(scenario => new Result(scenario, samples[scenario], partners[scenario]))];
    }

    private async Task<Sample> MeasureAsync(Scenario scenario, int round, double seconds, CancellationToken cancellationToken)
    {
        await TellAsync(round, scenario.Name);
        return await Measurement.RunAsync(scenario, options.Postgres, WarmUp, TimeSpan.FromSeconds(seconds), cancellationToken);
    }

    private async Task<PgBenchSample?> MeasurePartnerAsync(Scenario scenario, int round, double seconds, CancellationToken cancellationToken)
    {
        if (options.Postgres is not { } postgres || !scenario.HasPartner)
        {
            return null;
        }

        var clients = scenario.Requests.Count;
        await TellAsync(round, $"pgbench, {clients} clients");
        return await new PgBench(postgres, scenario.Server).RunAsync(clients, seconds, cancellationToken);
    }

    private Task TellAsync(int round, string what) => Console.Error.WriteLineAsync($"round {round} of {options.Rounds}: {what}");
}
