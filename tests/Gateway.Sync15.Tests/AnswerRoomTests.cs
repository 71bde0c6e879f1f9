using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.Protocol;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Answers find room before anything is loaded for them, and hold it until they have left.</summary>
public sealed class AnswerRoomTests
{
    private const int MaxAnswerBytes = 20_000_000;
    private const int PayloadBytes = 2_500_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Reads_WithoutRoom_Are503WithRetryAfter_AndLoadNothing()
    {
        CountingStore store = null!;
        await using var server = await StartAsync(inner => store = new CountingStore(inner));
        using var device = server.NewUser();
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        using var held = server.Services.GetRequiredService<Admission>().RoomForAnswer("somebody");
        held.Keep(MaxAnswerBytes);
        var reads = store.Reads.Count;

        var answers = await Task.WhenAll(device.GetAsync("/storage/tabs?full=1"), device.GetAsync("/storage/tabs"), device.GetAsync("/storage/tabs/a"));

        Assert.All(answers, static answer => Assert.Equal("10", answer.AssertError(503, 0).Headers["Retry-After"]));
        Assert.Equal(reads, store.Reads.Count);

        // What tells of a change is told.
        (await device.PostAsync("/storage/tabs", """[{"id":"b","payload":"y"}]""")).AssertOk();
        (await device.DeleteAsync("/storage/tabs/a")).AssertOk();
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task List_ThatIsStreamed_HoldsRoom_AndIsCutOff_WhereNothingOfItIsTaken()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow());
        await using var server = await StartAsync(time: time);
        var meter = server.Services.GetRequiredService<GatewayMetrics>().Meter;
        using var device = server.NewUser();
        for (var i = 0; i < 12; i++)
        {
            (await device.PutAsync($"/storage/tabs/r{i}", $$"""{"payload":"{{new string('x', PayloadBytes)}}"}""")).AssertOk();
        }

        using var idle = new TcpClient();
        await idle.ConnectAsync(server.Address.Host, server.Address.Port);
        var target = $"/1.5/{device.Uid}/storage/tabs?full=1";
        var signature = HawkSigner.Header(device.Id, device.Key, time.GetUtcNow().ToUnixTimeSeconds(), "GET", target, server.Address.Host, server.Address.Port);
        await idle.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAuthorization: {signature}\r\n\r\n"));
        var first = new byte[12];
        await idle.GetStream().ReadExactlyAsync(first);
        Assert.Equal("HTTP/1.1 200", Encoding.ASCII.GetString(first));

        // There is room for so much only where nobody holds any.
        using var other = server.Services.GetRequiredService<Admission>().RoomForAnswer("somebody");
        Assert.False(other.TryKeep(MaxAnswerBytes));
        using var deadline = new CancellationTokenSource(Patience);
        while (meter.Observe<long>("lockstep.http.stalled_answers") is not > 0)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        while (!other.TryKeep(MaxAnswerBytes))
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task List_OfLargeRecords_IsStreamedWhole_InTheRoomOfOnePiece()
    {
        await using var server = await StartAsync();
        using var device = server.NewUser();
        for (var i = 0; i < 12; i++)
        {
            (await device.PutAsync($"/storage/tabs/r{i}", $$"""{"payload":"{{string.Concat(Enumerable.Repeat("\\\"", 1_000))}}{{new string('x', PayloadBytes)}}"}""")).AssertOk();
        }

        var all = (await device.GetAsync("/storage/tabs?full=1&sort=oldest")).AssertOk();

        Assert.Equal(Enumerable.Range(0, 12).Select(static i => string.Create(CultureInfo.InvariantCulture, $"r{i}")), all.Ids);
        Assert.All(all.Json.EnumerateArray(), static record => Assert.Equal(1_000 + PayloadBytes, record.GetProperty("payload").GetString()!.Length));
    }

    [Fact]
    public async Task List_ThatIsWrittenToBetweenItsPieces_HoldsNothingThatIsNewerThanItsStamp_AndTheNextPollHasIt()
    {
        BetweenPiecesStore store = null!;
        await using var server = await StartAsync(inner => store = new BetweenPiecesStore(inner));
        using var device = server.NewUser();
        for (var post = 0; post < 25; post++)
        {
            var items = Enumerable.Range(0, 100).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{(post * 100) + i:0000}}","payload":"p"}"""));
            (await device.PostAsync("/storage/history", $"[{string.Join(',', items)}]")).AssertOk();
        }

        SyncAnswer written = null!;
        store.Between = async () =>
            written = (await device.PostAsync("/storage/history", """[{"id":"0000","payload":"changed"},{"id":"2400","payload":"changed"},{"id":"later","payload":"new"}]""")).AssertOk();
        var all = (await device.GetAsync("/storage/history?full=1&sort=oldest")).AssertOk();

        Assert.True(written.Stamp > all.Stamp);
        Assert.All(all.Json.EnumerateArray(), static record => Assert.Equal("p", record.GetProperty("payload").GetString()));
        var ids = Enumerable.Range(0, 2500).Select(static i => i.ToString("0000", CultureInfo.InvariantCulture));
        Assert.Equal(ids.Where(static id => id != "2400"), all.Ids);
        Assert.Equal(["0000", "2400", "later"], (await device.GetAsync($"/storage/history?newer={all.LastModified}")).AssertOk().Ids.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Collections_OfAUserWhoIsInMemory_AreToldWithoutTheStore()
    {
        CountingStore store = null!;
        await using var server = await StartAsync(inner => store = new CountingStore(inner));
        using var device = server.NewUser();
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        var first = (await device.GetAsync("/info/collections")).AssertOk();
        var reads = store.Reads.Count;

        var second = (await device.GetAsync("/info/collections")).AssertOk();

        Assert.Equal(first.Text, second.Text);
        Assert.Equal(reads, store.Reads.Count);
    }

    private static Task<SyncServer> StartAsync(Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null) =>
        SyncServer.StartAsync(static options => options with { Http = options.Http with { MaxAnswerBytes = MaxAnswerBytes } }, decorate, time);

    private sealed class CountingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public Tally Reads { get; } = new();

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            Reads.Add();
            return base.ReadAsync(bucket, keys, projection, cancellationToken);
        }

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            Reads.Add();
            return base.ScanAsync(scan, cancellationToken);
        }

        public override ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken)
        {
            Reads.Add();
            return base.LoadAsync(id, claim, cancellationToken);
        }
    }

    /// <summary>Has something done once, between the first two scans that come after it was asked for.</summary>
    private sealed class BetweenPiecesStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private int scans;

        /// <summary>Set while nothing else reads.</summary>
        public Func<Task>? Between { get; set; }

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            if (Between is { } between && Interlocked.Increment(ref scans) == 2)
            {
                Between = null;
                await between();
            }

            return await base.ScanAsync(scan, cancellationToken);
        }
    }
}
