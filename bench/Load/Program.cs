using Lockstep.Bench;

// A signal ends this program at once; who started it cleans up.
var stop = CancellationToken.None;
if (args is ["compare", ..])
{
    return await Comparison.RunAsync(ComparisonOptions.Parse(args[1..]), stop);
}

if (args is ["fill", ..])
{
    await Filling.RunAsync(args[1..], stop);
    return 0;
}

if (args is ["live", ..])
{
    await LiveTest.Parse(args[1..]).WriteAsync(Console.Out, stop);
    return 0;
}

// What bench/scale asks for.
if (args is ["accounts" or "owners" or "recovery" or "moves", ..])
{
    await (args[0] switch
    {
        "accounts" => ScaleFile.RunAsync(args[1..], stop),
        "owners" => OwnerMemory.RunAsync(args[1..], stop),
        "recovery" => Recovery.RunAsync(args[1..], stop),
        _ => OwnerMoves.RunAsync(args[1..], stop),
    });
    return 0;
}

if (args.Length is < 7 or > 8)
{
    Console.Error.WriteLine("This is started by bench/run, bench/cluster and bench/scale.");
    return 2;
}

var options = LoadOptions.Parse(args);
var machine = MachineFacts.Of(options.Directory);
var idle = await options.Server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);

// :: Scenarios: all of them once; then first those that take turns with pgbench, so that nothing else comes between.
var workload = new Workload(options.Server, options.Bare);
await workload.PrepareAsync(stop);
var scenarios = workload.Scenarios();
if (Environment.GetEnvironmentVariable(SyncWorkload.Variable) is { Length: > 0 } secret)
{
    var sync = new SyncWorkload(options.Server, secret);
    await sync.PrepareAsync(stop);
    scenarios = [.. scenarios, .. sync.Scenarios()];
}

if (Environment.GetEnvironmentVariable(Sync11Workload.Variable) is { Length: > 0 } shared)
{
    var before = new Sync11Workload(options.Server, shared);
    await before.PrepareAsync(stop);
    scenarios = [.. scenarios, .. before.Scenarios()];
}

if (Environment.GetEnvironmentVariable(FirefoxWorkload.Variable) is { Length: > 0 })
{
    var firefox = new FirefoxWorkload(options.Server);
    await firefox.PrepareAsync(stop);
    scenarios = [.. scenarios, .. firefox.Scenarios()];
}

var sharing = new SharingWorkload(options.Server);
await sharing.PrepareAsync(stop);
scenarios = [.. scenarios, .. sharing.Scenarios()];

foreach (var count in new[] { FilterWorkload.Few, LoadOptions.Number(FilterWorkload.Variable) }.Distinct())
{
    if (count is { } records)
    {
        var filters = new FilterWorkload(options.Server, records);
        await filters.PrepareAsync(stop);
        scenarios = [.. scenarios, .. filters.Scenarios()];
    }
}

if (Environment.GetEnvironmentVariable(HistoryWorkload.Variable) is { Length: > 0 } kept)
{
    var history = new HistoryWorkload(ServerProcess.Parse(kept));
    await history.PrepareAsync(stop);
    scenarios = [.. scenarios, .. history.Scenarios()];
}

var rounds = new Rounds(options);
await rounds.PrepareAsync(scenarios, stop);
var groups = scenarios.ToLookup(scenario => scenario.HasPartner && options.Postgres is not null);
var beside = await rounds.RunAsync([.. groups[true]], stop);
IReadOnlyList<Result> results = [.. beside, .. await rounds.RunAsync([.. groups[false]], stop)];

var afterLoad = await options.Server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);

// :: Many buckets, on a server of their own.
BucketReport? buckets = null;
if (options.BucketServer is { } bucketServer)
{
    await Console.Error.WriteLineAsync($"{options.Buckets} buckets");
    buckets = await new BucketTest(bucketServer, options.Buckets, TimeSpan.FromSeconds(10)).RunAsync(stop);
}

var report = new Report(Console.Out);
report.Write(machine, options);
report.Write(results, options.Postgres is not null);
if (beside.Count > 0)
{
    new PgBenchReport(Console.Out).Write(beside);
}

report.Write(idle, afterLoad, buckets);
report.WriteAims(results, idle, buckets);
return results.Any(result => result.Errors > 0) ? 1 : 0;
