using System.Globalization;

namespace Lockstep.Bench.Simulation;

/// <summary>Prints what the model says, in Markdown. The same inputs, seed and number of devices give the same text.</summary>
/// <param name="output">Where to.</param>
/// <param name="costs">The inputs.</param>
/// <param name="seed">For all dice.</param>
/// <param name="devices">That are simulated in each storm, each for as many as it takes.</param>
/// <param name="hours">That are simulated after an outage.</param>
internal sealed class Tables(TextWriter output, Costs costs, int seed, int devices, int hours)
{
    private const int Million = 1_000_000;
    private const int Interval = 600;
    private const int TenMinutes = 600;
    private const int HalfAnHour = 1800;

    public void Write()
    {
        WriteSizes();
        WritePatterns();
        WriteStorms();
        WriteDatabases();
        WriteDevices();
        WriteReaders();
        WriteStreams();
    }

    public void WriteSizes()
    {
        var columns = new[] { 10_000, Million, 10 * Million, 100 * Million }.Select(users => new Population(users, costs)).Select(population => (Population: population, Sizing: new Sizing(population))).ToList();
        var sizes = columns.Select(static column => column.Sizing.Find()).ToList();
        Line("## Machines");
        Line("");
        Line($"| Users | {string.Join(" | ", columns.Select(static column => Number(column.Population.Users)))} |");
        Line($"|---|{string.Concat(columns.Select(static _ => "--:|"))}");
        Row("polls/s at the peak", index => Number(columns[index].Population.Polls));
        Row("writes/s", index => Number(columns[index].Population.Writes));
        Row("reads/s of what was written", index => Number(columns[index].Population.Reads));
        Row("cores busy: gateways", index => Tenth(columns[index].Population.Load.Gateway / Million));
        Row("cores busy: silos", index => Tenth(columns[index].Population.Load.Silo / Million));
        Row("cores busy: PostgreSQL", index => Tenth(columns[index].Population.Load.Database / Million));
        Row("of these, accounts in the home database", index => Tenth(columns[index].Population.HomeLoad / Million));
        Row("owners in memory, GB", index => Tenth(columns[index].Population.Owners * costs["memory.owner"] / 1e9));
        Row("records on disk, GB", index => Number(columns[index].Population.RecordBytes / 1e9));
        Row("WAL, MB/s", index => Tenth(columns[index].Population.Writes * costs["wal.write"] / 1e6));
        Row("**gateways**", index => Number(sizes[index].Gateways));
        Row("**silos**", index => Number(sizes[index].Silos));
        Row("**databases**", index => Number(sizes[index].Databases));
        Row("cores of the home database", index => Number(sizes[index].HomeCores));
        Row("users of one gateway", index => Number((double)columns[index].Population.Users / sizes[index].Gateways));
        Row("connections to each PostgreSQL", index => Number(sizes[index].Connections(costs)));
        Row($"p99 of a cold poll, ms (aim: {Number(costs["aim.poll"])})", index => Hundredth(columns[index].Sizing.PollPercentile(sizes[index])));
        Row($"p99 of a write, ms (aim: {Number(costs["aim.write"])})", index => Hundredth(columns[index].Sizing.WritePercentile(sizes[index])));
        Line("");

        void Row(string name, Func<int, string> cell) => Line($"| {name} | {string.Join(" | ", Enumerable.Range(0, columns.Count).Select(cell))} |");
    }

    public void WritePatterns()
    {
        var (size, oneOf) = Scaled(Million);
        Line($"## When devices poll: {Number(Million)} users, {Text(size)}");
        Line("");
        Line("| 2.5 million devices poll every 10 minutes, their first time | most requests/s | refused in an hour, of 100 | 99 % wait at most, s |");
        Line("|---|--:|--:|--:|");
        foreach (var (name, spread) in new[] { ("at any time", Interval), ("within one minute", 60), ("within 10 seconds", 10), ("in the same second", 1) })
        {
            var result = new Storm(costs, size, Outage.None, [(new KintoClient(Interval, 0), devices)], oneOf, seed).Run(3600, spread);
            var requests = result.Seconds.Sum(static second => (long)second.Arrived);
            Line($"| {name} | {Number((double)Most(result, 0) * oneOf)} | {Tenth(100.0 * result.OthersRefused / requests)} | {Number(result.OthersWait())} |");
        }

        Line("");
    }

    public void WriteStorms()
    {
        var (size, oneOf) = Scaled(Million);
        Line($"## After ten minutes without an answer: {Number(Million)} users, {Text(size)}");
        Line("");
        Line("| Clients | what was away | gateways | Retry-After, s | most requests/s after it | refused, for each device | half answered after, min | 99 % answered after, min |");
        Line("|---|---|--:|--:|--:|--:|--:|--:|");
        const string Behind = "silos or databases";
        const string All = "everything, and gateways know no password";
        var behind = new Outage(TenMinutes, 1, IsAnswered: true, GatewaysForget: false);
        var all = new Outage(TenMinutes, 1, IsAnswered: false, GatewaysForget: true);
        Client patient = new KintoClient(Interval, 0), eager = new KintoClient(Interval, 5), firefox = new FirefoxClient(Interval);
        var retry = (int)costs["retry.after"];
        Add("kinto.js", Behind, behind, [(patient, devices)], 1, retry);
        Add("kinto.js", All, all, [(patient, devices)], 1, retry);
        Add("kinto.js", All, all, [(patient, devices)], 4, retry);
        Add("kinto.js", All, all, [(patient, devices)], 16, retry);
        Add(eager.Name, All, all, [(eager, devices)], 1, retry);
        Add(eager.Name, All, all, [(eager, devices)], 1, 30);
        Add(eager.Name, All, all, [(eager, devices)], 1, 300);
        Add("Firefox", Behind, behind, [(firefox, devices)], 1, retry);
        Add("Firefox", All, all, [(firefox, devices)], 1, retry);
        Add("5 of 10 Firefox, 4 kinto.js, 1 a stream", All, all, [(firefox, devices / 2), (patient, devices * 4 / 10), (new StreamClient(Interval, (int)costs["stream.retry"]), devices / 10)], 1, retry);
        Line("");

        void Add(string clients, string what, Outage outage, IReadOnlyList<(Client, int)> kinds, int gateways, int retryAfter)
        {
            var more = size with { Gateways = size.Gateways * gateways };
            var result = new Storm(costs.With("retry.after", retryAfter), more, outage, kinds, oneOf, seed).Run(outage.Until + (hours * 3600));
            Line($"| {clients} | {what} | {Number(more.Gateways)} | {Number(retryAfter)} | {Number((double)Most(result, outage.Until) * oneOf)} | {Tenth((double)Failed(result, outage.Until) / result.Concerned)} | {Minutes(result.AnsweredAt(0.5))} | {Minutes(result.AnsweredAt(0.99))} |");
        }
    }

    public void WriteDatabases()
    {
        Line("## One database is away for half an hour");
        Line("");
        Line("| Users | away | most requests/s before, after | refused meanwhile, for each device hit | half answered after, min | 99 % answered after, min | others: refused | others: 99 % wait at most, s |");
        Line("|---|---|--:|--:|--:|--:|--:|--:|");
        foreach (var (users, isHome) in new[] { (10 * Million, false), (100 * Million, false), (100 * Million, true) })
        {
            var (size, oneOf) = Scaled(users);
            var outage = new Outage(HalfAnHour, isHome ? 1 : size.Databases, IsAnswered: true, GatewaysForget: false);
            var result = new Storm(costs, size, outage, [(new FirefoxClient(Interval), devices / 2), (new KintoClient(Interval, 0), devices / 2)], oneOf, seed).Run(HalfAnHour + (hours * 3600));
            var meanwhile = result.Seconds.Take(HalfAnHour).Sum(static second => (long)second.Failed);
            var (rest, wait) = isHome ? ("none left", "") : (Number((double)result.OthersRefused * oneOf), Number(result.OthersWait()));
            Line($"| {Number(users)} | {(isHome ? "the home database" : $"1 of {size.Databases}")} | {Number((double)result.Seconds.Take(HalfAnHour).Max(static second => second.Arrived) * oneOf)}, {Number((double)Most(result, HalfAnHour) * oneOf)} | {Tenth((double)meanwhile / result.Concerned)} | {Minutes(result.AnsweredAt(0.5))} | {Minutes(result.AnsweredAt(0.99))} | {rest} | {wait} |");
        }

        Line("");
    }

    public void WriteDevices()
    {
        var bucket = new HotBucket(costs);
        Line($"## One bucket of many devices, each of which polls every {Number(Interval)} s");
        Line("");
        Line("| Devices | each writes | writes/s | of a core: its owner's turns | cores: its silo, gateways, PostgreSQL |");
        Line("|---|---|--:|--:|--:|");
        foreach (var (name, rate) in new[] { ("4 times a day, at the peak 3 times as often", 4 * costs["peak"] / 86_400), ("once a minute", 1 / 60.0), ("once a second", 1.0) })
        {
            foreach (var count in new[] { 1000, 100_000 })
            {
                var cores = bucket.Cores(count, Interval, count * rate);
                Line($"| {Number(count)} | {name} | {Three(count * rate)} | {Percent(bucket.Turns(count * rate))} | {Three(cores.Silo)}, {Three(cores.Gateway)}, {Three(cores.Database)} |");
            }
        }

        Line("");
    }

    public void WriteReaders()
    {
        var bucket = new HotBucket(costs);
        Line($"## One public collection, whose readers poll every {Number(Interval)} s");
        Line("");
        Line("| Changes | silo half busy with so many readers | gateways' cores then | PostgreSQL's cores then |");
        Line("|---|--:|--:|--:|");
        foreach (var (name, writes) in new[] { ("none", 0.0), ("one an hour", 1 / 3600.0), ("one a minute", 1 / 60.0), ("one a second", 1.0) })
        {
            var readers = bucket.Devices(Interval, writes);
            var cores = bucket.Cores(readers, Interval, writes);
            Line($"| {name} | {Number(readers)} | {Tenth(cores.Gateway)} | {Tenth(cores.Database)} |");
        }

        Line("");
    }

    public void WriteStreams()
    {
        var bucket = new HotBucket(costs);
        Line("## The same with streams of changes: gateways");
        Line("");
        var (few, many) = (costs["streams.places"], 10 * costs["streams.places"]);
        Line($"| Streams | {Number(few)} a gateway, a change in 10 s | {Number(many)} a gateway, a change in 10 s | {Number(many)} a gateway, a change a second |");
        Line("|---|--:|--:|--:|");
        foreach (var streams in new[] { 1000, 100_000, Million, 10 * Million })
        {
            Line($"| {Number(streams)} | {Number(bucket.Gateways(streams, 0.1, few))} | {Number(bucket.Gateways(streams, 0.1, many))} | {Number(bucket.Gateways(streams, 1, many))} |");
        }

        Line("");
    }

    private (ClusterSize Size, int OneOf) Scaled(int users) => (new Sizing(new Population(users, costs)).Find(), (int)Math.Max(1, users * costs["devices"] / devices));

    private static int Most(StormResult result, int from) => result.Seconds.Skip(from).Max(static second => second.Arrived);

    private static long Failed(StormResult result, int from) => result.Seconds.Skip(from).Sum(static second => (long)second.Failed);

    private static string Text(ClusterSize size) => $"{size.Gateways} gateways, {size.Silos} silos, {size.Databases} database{(size.Databases == 1 ? "" : "s")}";

    private string Minutes(int? seconds) => seconds is { } s ? Tenth(s / 60.0) : $"over {60 * hours}";

    private static string Number(double value) => value.ToString(value is > 0 and < 1 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static string Tenth(double value) => value.ToString("N1", CultureInfo.InvariantCulture);

    private static string Hundredth(double value) => value.ToString("N2", CultureInfo.InvariantCulture);

    private static string Three(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Percent(double value) => value.ToString("0.##%", CultureInfo.InvariantCulture);

    private void Line(string text) => output.WriteLine(text);
}
