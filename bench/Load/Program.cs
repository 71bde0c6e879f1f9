using Lockstep.Bench;

if (args.Length is < 6 or > 7)
{
    Console.Error.WriteLine("This is started by bench/run.");
    return 2;
}

// A signal ends this program at once; bench/run cleans up.
var stop = CancellationToken.None;
var options = LoadOptions.Parse(args);
var machine = MachineFacts.Of(options.Directory);
var idle = await options.Server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);

// :: Scenarios: one round that does not count, in which the servers compile; then rounds, so that a slow spell of the
// machine does not hit one scenario alone.
var workload = new Workload(options.Server, options.Bare);
await workload.PrepareAsync(stop);
var scenarios = workload.Scenarios();
var duration = TimeSpan.FromSeconds(options.Seconds);
var samples = scenarios.ToDictionary(scenario => scenario, _ => new List<Sample>());
for (var round = 0; round <= options.Rounds; round++)
{
    foreach (var scenario in scenarios)
    {
        await Console.Error.WriteLineAsync($"round {round} of {options.Rounds}: {scenario.Name}");
        var sample = await Measurement.RunAsync(
            scenario, TimeSpan.FromSeconds(0.5), round == 0 ? TimeSpan.FromSeconds(1) : duration, stop);
        if (round > 0)
        {
            samples[scenario].Add(sample);
        }
    }
}

var afterLoad = await options.Server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);

// :: Many buckets, on a server of their own.
BucketReport? buckets = null;
if (options.BucketServer is { } bucketServer)
{
    await Console.Error.WriteLineAsync($"{options.Buckets} buckets");
    buckets = await new BucketTest(bucketServer, options.Buckets).RunAsync(stop);
}

var results = scenarios.Select(scenario => (scenario, Sample.Median(samples[scenario]))).ToList();
var report = new Report(Console.Out);
report.Write(machine, options);
report.Write(results);
report.Write(idle, afterLoad, buckets);
report.WriteAims(results, idle, buckets);
return results.Exists(result => result.Item2.Errors > 0) ? 1 : 0;
