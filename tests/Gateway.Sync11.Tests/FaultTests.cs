using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Protocol;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>What clients are told when the store is away, or something is wrong with the program.</summary>
public sealed class FaultTests
{
    [OneProcessFact("Each silo has a store of its own.")]
    public async Task Read_ThatCannotBeDone_Is503_WithRetryAfter_AndAFaultIs500_EachWithAJsonText()
    {
        FailingStore store = null!;
        var own = await WeaveServer.StartAsync(decorate: inner => store = new FailingStore(inner));
        using var device = await own.NewUserAsync();
        (await device.PutAsync("/storage/history/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        store.Fault = new StoreUnavailableException("Away.");
        var away = (await device.GetAsync("/storage/history?full=1")).AssertStatus(503);
        store.Fault = new InvalidOperationException("What nobody is to see.");
        var fault = (await device.GetAsync("/storage/history?full=1")).AssertStatus(500);
        store.Fault = null;

        Assert.Equal((JsonValueKind.String, "application/json", "10"), (away.Json.ValueKind, away.Type, away.Headers["Retry-After"]));
        Assert.Equal(("\"application error\"", "application/json"), (fault.Text, fault.Type));
        Assert.Equal(["a"], (await device.GetAsync("/storage/history")).AssertOk().Ids);
        await own.DisposeAsync();
    }

    [OneProcessFact("Each silo has a store of its own.")]
    public async Task Write_ThatTheStoreRefuses_Is503_AndStoresNothing()
    {
        FaultyBucketStore store = null!;
        var own = await WeaveServer.StartAsync(decorate: inner => store = new FaultyBucketStore(inner));
        using var device = await own.NewUserAsync();
        (await device.PutAsync("/storage/history/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        store.Next = CommitFault.Before;
        (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("b", "x")}]")).AssertStatus(503);

        Assert.Equal(["a"], (await device.GetAsync("/storage/history")).AssertOk().Ids);
        (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("b", "x")}]")).AssertOk();
        await own.DisposeAsync();
    }

    /// <summary>Fails where it reads rows.</summary>
    private sealed class FailingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public Exception? Fault { get; set; }

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
            Fault is null ? base.ReadAsync(bucket, keys, projection, cancellationToken) : throw Fault;

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) =>
            Fault is null ? base.ScanAsync(scan, cancellationToken) : throw Fault;
    }
}
