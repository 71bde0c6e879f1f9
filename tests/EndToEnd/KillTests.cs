using System.Collections.Concurrent;
using System.Net;
using Xunit.Abstractions;

namespace Lockstep.EndToEnd;

/// <summary>Whatever ends the process, what was acknowledged is there.</summary>
public sealed class KillTests(ITestOutputHelper log)
{
    private const int Writers = 8;
    private const int Rounds = 20;

    [Fact]
    public async Task Kill9_InTheMiddleOfLoad_LosesNothingAcknowledged_20Rounds()
    {
        await using var storage = await TestStorage.CreateAsync();
        var seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var sent = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var uncertain = 0;

        for (var round = 0; round < Rounds; round++)
        {
            var (server, address) = await ServerProcess.StartAsync(storage);
            using (server)
            {
                using var device = new Device(address, "alice", "s3cr3t");
                if (round == 0)
                {
                    await device.RegisterAsync("alice", "s3cr3t");
                }

                var last = await CheckAsync(device, acknowledged, sent);
                var killAfter = random.Next(50, 300);
                var acknowledgedNow = 0;
                await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
                {
                    for (var i = 0; ; i++)
                    {
                        var id = $"r{round}-{writer}-{i}";
                        sent[id] = true;
                        try
                        {
                            var (status, stamp) = await device.PutAsync(id);
                            Assert.Equal(HttpStatusCode.Created, status);
                            Assert.True(stamp > last, "A stamp went back over a restart.");
                            acknowledged[id] = stamp;
                            if (Interlocked.Increment(ref acknowledgedNow) == killAfter)
                            {
                                server.Kill();
                            }
                        }
                        catch (Exception e) when (e is HttpRequestException or IOException)
                        {
                            // Refused connections were not in the middle of anything.
                            var cutOff = e is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
                            Interlocked.Add(ref uncertain, cutOff ? 1 : 0);
                            return;
                        }
                    }
                })));
                await server.EndAsync();
            }
        }

        var (final, at) = await ServerProcess.StartAsync(storage);
        using (final)
        {
            using var device = new Device(at, "alice", "s3cr3t");
            await CheckAsync(device, acknowledged, sent);
        }

        Assert.Equal(acknowledged.Count, acknowledged.Values.Distinct().Count());
        Assert.True(uncertain >= Rounds, "The server was not killed in the middle of requests.");
        log.WriteLine($"{acknowledged.Count} acknowledged, {uncertain} cut off");
    }

    [Fact]
    public async Task Sigterm_InTheMiddleOfLoad_AnswersWhatItTook_AndExitsWithZero()
    {
        await using var storage = await TestStorage.CreateAsync();
        var acknowledged = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var sent = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var unanswered = new ConcurrentBag<string>();
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var device = new Device(address, "alice", "s3cr3t");
            await device.RegisterAsync("alice", "s3cr3t");
            var count = 0;
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                for (var i = 0; ; i++)
                {
                    var id = $"{writer}-{i}";
                    try
                    {
                        sent[id] = true;
                        var (status, stamp) = await device.PutAsync(id);
                        Assert.Equal(HttpStatusCode.Created, status);
                        acknowledged[id] = stamp;
                        if (Interlocked.Increment(ref count) == 200)
                        {
                            server.Terminate();
                        }
                    }
                    catch (HttpRequestException)
                    {
                        // Refused, or closed before the server read it.
                        unanswered.Add(id);
                        return;
                    }
                }
            })));
            Assert.Equal(0, await server.EndAsync());
        }

        var (again, at) = await ServerProcess.StartAsync(storage);
        using (again)
        {
            using var device = new Device(at, "alice", "s3cr3t");
            await CheckAsync(device, acknowledged, sent);
            var (records, _) = await device.ListAsync();
            Assert.All(unanswered, id => Assert.False(records.ContainsKey(id), $"{id} was written and its answer cut off."));
            Assert.Equal(Writers, unanswered.Count);
            Assert.True(acknowledged.Count >= 200);
        }
    }

    /// <returns>The list's stamp.</returns>
    private static async Task<long> CheckAsync(
        Device device, ConcurrentDictionary<string, long> acknowledged, ConcurrentDictionary<string, bool> sent)
    {
        var (records, stamp) = await device.ListAsync();
        foreach (var (id, written) in acknowledged)
        {
            Assert.True(records.TryGetValue(id, out var stored), $"{id} was acknowledged and is lost.");
            Assert.Equal(written, stored);
        }

        Assert.All(records.Keys, id => Assert.True(sent.ContainsKey(id), $"{id} was never sent."));
        return stamp;
    }
}
