using System.Diagnostics;
using Lockstep.Cluster.Chaos.Load;
using Lockstep.Cluster.Chaos.Processes;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos;

/// <summary>How long it takes from a blow until every bucket takes writes again, as new requests of a client see it.</summary>
internal sealed class Recovery : IAsyncDisposable
{
    // Enough that each silo owns some: the chance that one of three has none is under one in 50,000.
    private const int Buckets = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(20);
    private readonly CancellationTokenSource ended = new();
    private readonly ApiClient client;
    private readonly List<Task> writers = [];
    private readonly string name;

    private Recovery(string name, IReadOnlyList<Entrance> gateways)
    {
        this.name = name;
        client = new ApiClient(name, gateways, Verdicts);
    }

    /// <summary>Of the load that goes on, and of the requests that measure.</summary>
    public Verdicts Verdicts { get; } = new();

    public static async Task<Recovery> StartAsync(IReadOnlyList<Entrance> gateways)
    {
        var recovery = new Recovery($"carol-{Random.Shared.Next():x}", gateways);
        await recovery.client.RegisterAsync();
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            Assert.True((await recovery.client.SendAsync("PUT", recovery.Path(bucket))).IsSuccess);
            Assert.True((await recovery.client.SendAsync("PUT", $"{recovery.Path(bucket)}/collections/chaos")).IsSuccess);
        }

        recovery.writers.AddRange(Enumerable.Range(0, Buckets).Select(bucket => Task.Run(() => recovery.WriteAsync(bucket))));
        return recovery;
    }

    /// <returns>How long it took since the blow until the last of the buckets had taken a write.</returns>
    public async Task<TimeSpan> MeasureAsync(long blow)
    {
        var times = await Task.WhenAll(Enumerable.Range(0, Buckets).Select(bucket => Task.Run(async () =>
        {
            while (!(await PutAsync(bucket, "probe")).IsSuccess)
            {
                await RealTime.PassAsync(Retry);
            }

            return Stopwatch.GetElapsedTime(blow);
        })));
        return times.Max();
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await Task.WhenAll(writers);
        client.Dispose();
        ended.Dispose();
    }

    private string Path(int bucket) => $"/v1/buckets/{name}-{bucket}";

    private Task<Answer> PutAsync(int bucket, string record) =>
        client.SendAsync("PUT", $"{Path(bucket)}/collections/chaos/records/{record}", """{"data":{}}""");

    private async Task WriteAsync(int bucket)
    {
        while (!ended.IsCancellationRequested)
        {
            await Pace.PauseAsync(await PutAsync(bucket, "load"), Pause, ended.Token);
        }
    }
}
