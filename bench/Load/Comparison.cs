namespace Lockstep.Bench;

/// <summary>Gives several servers the same work, in turns, and holds them against the first.</summary>
internal static class Comparison
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    // Grains go after a minute at the earliest, and are looked for every half minute.
    private static readonly TimeSpan GrainStep = TimeSpan.FromSeconds(30);

    // Longer than passwords are taken without a look at the account (30 s) and than owners stay (1 min, looked at each half).
    private static readonly TimeSpan ColdAfter = TimeSpan.FromSeconds(100);

    private const int ColdUsers = 2000;

    public static async Task<int> RunAsync(ComparisonOptions options, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Of(options.Directory);
        var report = new ComparisonReport(Console.Out, options);
        var footprints = await FootprintsAsync(options, cancellationToken);

        // :: Step 1: the same scenarios for each server, neighbours in time.
        var lists = new List<IReadOnlyList<Scenario>>();
        foreach (var (_, server) in options.Servers)
        {
            var workload = new Workload(server, bare: null);
            await workload.PrepareAsync(cancellationToken);
            IReadOnlyList<Scenario> all = options.SiloShare > 0 ? workload.Crowd() : [.. workload.Scenarios(), .. workload.Alone()];
            lists.Add([.. all.Where(static scenario => ComparisonOptions.Wants(scenario.Name))]);
        }

        IReadOnlyList<Scenario> scenarios = [.. Enumerable.Range(0, lists[0].Count).SelectMany(index => lists.Select(list => list[index] with { HasPartner = false }))];
        var rounds = new Rounds(new LoadOptions(
            options.Seconds, options.Rounds, 0, options.Directory, options.Servers[0].Server, options.Servers[0].Server, options.Postgres, null));

        // :: Step 2: twice, for the second measured time is still better than the first; with little CPU the compiler would
        //    be what is measured, so shares are set afterwards.
        await rounds.PrepareAsync(scenarios, cancellationToken);
        await rounds.PrepareAsync(scenarios, cancellationToken);
        if (options.SiloShare > 0)
        {
            var silos = options.Servers.SelectMany(static compared => compared.Server.Silos);
            foreach (var silo in silos)
            {
                CpuShare.Set($"{options.Group}-{silo}", silo, options.SiloShare);
            }
        }

        // :: Step 3
        var results = await rounds.RunAsync(scenarios, cancellationToken);
        report.Write(machine);
        report.WriteFootprints("idle, after the start", footprints);
        report.Write(results);
        report.WriteFootprints("idle, after all scenarios", await FootprintsAsync(options, cancellationToken));

        // :: Step 4: polls of people who were away.
        if (options is { SiloShare: 0, Postgres: { } postgres } && ComparisonOptions.Wants(ColdPolls.Name))
        {
            var cold = options.Servers.Select(compared => (compared.Name, Polls: new ColdPolls(compared, postgres, ColdUsers))).ToList();
            foreach (var (name, polls) in cold)
            {
                await Console.Error.WriteLineAsync($"cold polls of {name}: preparing");
                await polls.PrepareAsync(cancellationToken);
            }

            await Task.Delay(ColdAfter, cancellationToken);
            foreach (var (name, polls) in cold)
            {
                await Console.Error.WriteLineAsync($"cold polls of {name}");
                report.WriteCold(name, await polls.RunAsync(cancellationToken));
            }
        }

        // :: Step 5: many buckets, by what they cost where their owners are.
        if (options.Buckets > 0)
        {
            await Console.Error.WriteLineAsync($"{options.Buckets} buckets");
            var server = options.Servers[^1].Server;
            var owners = server.Silos.Count > 0 ? server with { Id = server.Silos[0] } : server;
            report.Write(await new BucketTest(owners, options.Buckets, GrainStep).RunAsync(cancellationToken));
        }

        return results.Any(static result => result.Errors > 0) ? 1 : 0;
    }

    private static async Task<IReadOnlyList<Footprint>> FootprintsAsync(ComparisonOptions options, CancellationToken cancellationToken)
    {
        var footprints = new List<Footprint>();
        foreach (var (name, server) in options.Servers)
        {
            await server.SettledBytesAsync(TimeSpan.FromSeconds(5), cancellationToken);
            footprints.Add(Footprint.Begin(name, server.Silos.Count > 0 ? "gateway" : "all", server.Id));
            footprints.AddRange(server.Silos.Select(silo => Footprint.Begin(name, "silo", silo)));
        }

        await Task.Delay(IdleTime, cancellationToken);
        return [.. footprints.Select(footprint => footprint.End(IdleTime))];
    }
}
