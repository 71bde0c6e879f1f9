using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>What it may cost to read what was, and whom.</summary>
public sealed class AsOfReaderTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly BucketId Id = BucketId.DefaultBucket("alice");
    private readonly FakeTime time = new();
    private readonly WatchedStore store;

    public AsOfReaderTests() => store = new WatchedStore(new InMemoryBucketStore());

    [Fact]
    public async Task Reads_TakeAPlaceBehindAFirstLook_AndWithoutOneEndThere_OrAreRefusedWhereAPartIsOfNoUse()
    {
        var (buckets, at) = await FillAsync(new BucketOptions { MaxConcurrentSorts = 1 });
        using var ends = buckets;
        using var held = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        store.OnLaterScan = () =>
        {
            entered.Set();
            held.Wait();
        };
        var first = Task.Run(() => ReadAsync(buckets, at, limit: 1_000));
        entered.Wait();
        var page = ReadAsync(buckets, at, limit: 1_000);
        var whole = ReadAsync(buckets, at, limit: int.MaxValue);

        var few = Assert.IsType<PageFound>(await ReadAsync(buckets, at, limit: 50));
        time.Advance(TimeSpan.FromSeconds(6));
        var (cut, refused) = (Assert.IsType<PageFound>(await page), await whole);
        held.Set();

        Assert.Equal(50, few.Records.Count);
        Assert.Equal((100, "r0099"), (cut.Records.Count, cut.Next?.Id));
        Assert.Equal(Unavailable.Overloaded, refused);
        Assert.Equal(600, Assert.IsType<PageFound>(await first).Records.Count);
    }

    [Fact]
    public async Task Page_OverItsTimeOrItsRows_EndsAndSaysWhereToGoOn()
    {
        var (buckets, at) = await FillAsync(new BucketOptions());
        using var ends = buckets;
        using var small = new InProcessBuckets(store, new BucketOptions { MaxFilteredRecords = 300 }, time);

        Assert.Equal(600, Assert.IsType<PageFound>(await ReadAsync(small, at, limit: int.MaxValue)).Records.Count);
        store.OnLaterScan = () => time.Advance(TimeSpan.FromSeconds(6));
        var page = Assert.IsType<PageFound>(await ReadAsync(buckets, at, limit: 1_000));

        Assert.Equal((600, "r0599"), (page.Records.Count, page.Next?.Id));
        Assert.Equal(Unavailable.Overloaded, await ReadAsync(buckets, at, limit: int.MaxValue));
    }

    private async Task<(InProcessBuckets Buckets, ServerTimestamp At)> FillAsync(BucketOptions options)
    {
        var (buckets, at) = (new InProcessBuckets(store, options, time, history: new PlainHistoryForm()), ServerTimestamp.Zero);
        for (var i = 0; i < 700; i += 100)
        {
            var response = await buckets.Get(Id).ExecuteAsync(
                new BucketRequest(Alice, [.. Enumerable.Range(i, 100).Select(static n => new PutRecord(ObjectRef.Record("tasks", $"r{n:0000}"), Encoding.UTF8.GetBytes("{}")))]), default);
            at = Assert.IsType<RecordWritten>(response.Outcomes[^1]).Record.Modified;
        }

        return (buckets, at);
    }

    private static async Task<Outcome> ReadAsync(InProcessBuckets buckets, ServerTimestamp at, int limit) =>
        (await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, [new ReadAsOf(ListRef.RecordsOf("tasks"), at) { Limit = limit }]), default)).Outcomes[0];

    /// <summary>A store that is at work in the thread of whoever asks, as a file is.</summary>
    private sealed class WatchedStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        /// <summary>Done before a scan that goes on where another has ended.</summary>
        public Action? OnLaterScan { get; set; }

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            if (scan.Query.Cursor is not null)
            {
                OnLaterScan?.Invoke();
            }

            return base.ScanAsync(scan, cancellationToken);
        }
    }
}
