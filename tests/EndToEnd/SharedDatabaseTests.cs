using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Xunit.Abstractions;

namespace Lockstep.EndToEnd;

/// <summary>Two clusters on one database, each of one server, and nobody who tells requests where to go: each bucket has two owners.</summary>
public sealed class SharedDatabaseTests(ITestOutputHelper log) : IAsyncLifetime
{
    private const string Reason = "SQLite belongs to one server at a time.";
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(3);
    private readonly TemporaryDirectory directory = new();
    private readonly List<ServerProcess> servers = [];
    private readonly List<Uri> addresses = [];
    private string connection = "";

    public async Task InitializeAsync()
    {
        if (!PostgresServer.IsChosen)
        {
            return;
        }

        connection = await PostgresServer.CreateEmptyDatabaseAsync();
        for (var i = 0; i < 2; i++)
        {
            var (server, address) = await ServerProcess.StartAsync(
                directory.Path,
                ["--postgres:lease-time", LeaseTime.ToString(), "--cluster:id", $"cluster{i}"],
                new Dictionary<string, string>(StringComparer.Ordinal) { ["LOCKSTEP_POSTGRES__CONNECTION"] = connection });
            servers.Add(server);
            addresses.Add(address);
        }

        using var device = new Device(addresses[0], "alice", "s3cr3t");
        await device.RegisterAsync("alice", "s3cr3t");
    }

    public async Task DisposeAsync()
    {
        servers.ForEach(static server => server.Dispose());
        directory.Dispose();
        if (connection.Length > 0)
        {
            await PostgresServer.DropDatabaseAsync(connection);
        }
    }

    [PostgresFact(Reason)]
    public async Task WritersAndPollers_EachRequestToEitherServer_NothingIsMissedOrOlderThanTheLease()
    {
        const int writers = 8;
        var devices = Devices();
        var acknowledged = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var history = new ConcurrentQueue<(long At, long Stamp)>();
        using var wandered = new CancellationTokenSource();
        using var ended = new CancellationTokenSource();

        // :: Pollers that go anywhere, and two that each stay with a server and must not be told old news for long.
        var anywhere = Enumerable.Range(0, 3).Select(_ => new Poller("alice", "s3cr3t", addresses)).ToList();
        var wandering = anywhere.Select(poller => Task.Run(async () =>
        {
            while (!wandered.IsCancellationRequested)
            {
                await poller.PollAsync(poller.Any);
            }
        })).ToList();
        var oldest = TimeSpan.Zero;
        var staying = addresses.Select(address => Task.Run(async () =>
        {
            using var poller = new Poller("alice", "s3cr3t", addresses);
            while (!ended.IsCancellationRequested)
            {
                var begun = Stopwatch.GetTimestamp();
                await poller.PollAsync(() => address);
                foreach (var (at, stamp) in history.Where(write => write.Stamp > poller.ETag))
                {
                    var age = Stopwatch.GetElapsedTime(at, begun);
                    oldest = age > oldest ? age : oldest;
                    Assert.True(age <= LeaseTime, $"{stamp} was acknowledged {age} before a poll that answered {poller.ETag}.");
                }

                // Not so often that every poll is answered by a fresh load.
                await RealTime.PassAsync(TimeSpan.FromMilliseconds(20));
            }
        })).ToList();

        // :: Writers. In bursts, so that memory has the time to grow old.
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                var id = $"w{writer}-{i}";
                var (status, stamp) = await devices[Random.Shared.Next(2)].PutAsync(id);
                Assert.Equal(HttpStatusCode.Created, status);
                acknowledged[id] = stamp;
                history.Enqueue((Stopwatch.GetTimestamp(), stamp));
                await RealTime.PassAsync(TimeSpan.FromMilliseconds(i % 20 == 19 ? 1500 : 10));
            }
        })));

        // :: Once each server has written last, and nobody brings the other one the news.
        await wandered.CancelAsync();
        await Task.WhenAll(wandering);
        foreach (var device in devices)
        {
            var id = $"last-{acknowledged.Count}";
            acknowledged[id] = (await device.PutAsync(id)).Stamp;
            history.Enqueue((Stopwatch.GetTimestamp(), acknowledged[id]));
            await RealTime.PassAsync(LeaseTime + TimeSpan.FromSeconds(1));
        }

        await ended.CancelAsync();
        await Task.WhenAll(staying);

        Assert.Equal((writers * 60) + 2, acknowledged.Values.Distinct().Count());
        foreach (var poller in anywhere)
        {
            await poller.PollAsync(poller.Any);
            Assert.Equal(acknowledged.OrderBy(write => write.Key, StringComparer.Ordinal), poller.Seen.OrderBy(record => record.Key, StringComparer.Ordinal));
            poller.Dispose();
        }

        log.WriteLine($"the oldest answer was {oldest.TotalMilliseconds:F0} ms old");
    }

    [PostgresFact(Reason)]
    public async Task Counter_IncrementedWithIfMatchThroughEitherServer_EndsAtTheNumberOfSuccesses()
    {
        const string counter = "/v1/buckets/default/collections/counters/records/one";
        var clients = addresses.Select(address => Client(address)).ToArray();
        using (var content = Json("""{"data":{"n":0}}"""))
        {
            Assert.Equal(HttpStatusCode.Created, (await clients[0].PutAsync(counter, content)).StatusCode);
        }

        var (successes, refusals) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var tries = 0; tries < 40; tries++)
            {
                using var read = await clients[Random.Shared.Next(2)].GetAsync(counter);
                var n = JsonDocument.Parse(await read.Content.ReadAsStringAsync()).RootElement.GetProperty("data").GetProperty("n").GetInt32();
                using var write = new HttpRequestMessage(HttpMethod.Put, counter) { Content = Json($$$"""{"data":{"n":{{{n + 1}}}}}""") };
                write.Headers.TryAddWithoutValidation("If-Match", read.Headers.ETag!.Tag);
                using var answer = await clients[Random.Shared.Next(2)].SendAsync(write);
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PreconditionFailed, $"{answer.StatusCode}");
                Interlocked.Increment(ref answer.StatusCode == HttpStatusCode.OK ? ref successes : ref refusals);
            }
        })));

        var final = JsonDocument.Parse(await clients[1].GetStringAsync(new Uri(counter, UriKind.Relative))).RootElement.GetProperty("data").GetProperty("n").GetInt32();
        Assert.Equal(successes, final);
        Assert.True(successes >= 40 && refusals > 0, $"{successes} successes, {refusals} refusals");
    }

    [PostgresFact(Reason)]
    public async Task Server_StoppedInTheMiddleOfCommitsAndContinued_NeitherBlocksNorAnswersFromOldMemory()
    {
        var stopTime = TimeSpan.FromSeconds(30);
        var devices = Devices();
        var acknowledged = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var told503 = new ConcurrentBag<string>();
        var written = new Tally();
        using var stopped = new CancellationTokenSource();

        // :: Load on the first server, which gets stopped under it.
        var load = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stopped.IsCancellationRequested; i++)
            {
                var (status, stamp) = await devices[0].PutAsync($"first-{writer}-{i}");
                if (status == HttpStatusCode.ServiceUnavailable && stopped.IsCancellationRequested)
                {
                    // It was under way for longer than an answer may take.
                    told503.Add($"first-{writer}-{i}");
                    return;
                }

                Assert.Equal(HttpStatusCode.Created, status);
                acknowledged[$"first-{writer}-{i}"] = stamp;
                written.Add();
            }
        })).ToList();
        await written.ReachesAsync(200);
        servers[0].Pause();
        await stopped.CancelAsync();
        var begun = Stopwatch.GetTimestamp();

        // :: Meanwhile the second one takes the bucket over; polls and writes to the stopped one wait in its sockets.
        using var poller = new Poller("alice", "s3cr3t", addresses);
        using var client = Client(addresses[0]);
        var waitingPolls = Enumerable.Range(0, 4).Select(_ => Task.Run(() => StampAsync(client))).ToList();
        var waitingWrites = Enumerable.Range(0, 4).Select(i => Task.Run(() => devices[0].PutAsync($"waiting-{i}"))).ToList();
        var slowest = TimeSpan.Zero;
        long newest = 0;
        for (var i = 0; Stopwatch.GetElapsedTime(begun) < stopTime; i++)
        {
            var sent = Stopwatch.GetTimestamp();
            var (status, stamp) = await devices[1].PutAsync($"second-{i}");
            Assert.Equal(HttpStatusCode.Created, status);
            acknowledged[$"second-{i}"] = newest = stamp;
            var took = Stopwatch.GetElapsedTime(sent);
            slowest = took > slowest ? took : slowest;
            await RealTime.PassAsync(TimeSpan.FromMilliseconds(10));
        }

        Assert.True(slowest < TimeSpan.FromSeconds(5), $"A write waited {slowest} for a stopped server.");
        servers[0].Resume();

        // :: What it says from here on is new, and what it commits fits.
        foreach (var stamp in await Task.WhenAll(waitingPolls))
        {
            Assert.True(stamp >= newest, $"A server that was stopped answered {stamp} when {newest} was acknowledged.");
        }

        Assert.True(await StampAsync(client) >= newest);
        foreach (var (write, i) in (await Task.WhenAll(waitingWrites)).Select((write, i) => (write, i)))
        {
            Assert.Equal(HttpStatusCode.Created, write.Status);
            Assert.True(write.Stamp > newest, "A stamp from before the stop was given out after it.");
            acknowledged[$"waiting-{i}"] = write.Stamp;
        }

        await Task.WhenAll(load);
        await poller.PollAsync(() => addresses[1]);
        var kept = poller.Seen.Where(record => !told503.Contains(record.Key));
        Assert.Equal(acknowledged.OrderBy(write => write.Key, StringComparer.Ordinal), kept.OrderBy(record => record.Key, StringComparer.Ordinal));
        Assert.Equal(acknowledged.Count, acknowledged.Values.Distinct().Count());
        log.WriteLine($"slowest write beside the stopped server: {slowest.TotalMilliseconds:F0} ms");
    }

    /// <summary>The list's stamp, in the way that needs no rows.</summary>
    private static async Task<long> StampAsync(HttpClient client)
    {
        using var poll = new HttpRequestMessage(HttpMethod.Head, Device.Records);
        using var answer = await client.SendAsync(poll);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return long.Parse(answer.Headers.ETag!.Tag.Trim('"'));
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static HttpClient Client(Uri address) => new()
    {
        BaseAddress = address,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("alice:s3cr3t"u8)) },
    };

    private Device[] Devices() => [.. addresses.Select(address => new Device(address, "alice", "s3cr3t"))];
}
