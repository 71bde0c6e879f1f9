using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Grains;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// What nobody waits for: lets go of idle owners, removes rows of deleted lists and records that have expired in small steps, ends account deletions
/// that were cut off, and removes the data of Sync stores that were replaced.
/// </summary>
internal sealed partial class Housekeeping(
    InProcessBuckets buckets, LocalOwners local, LockstepOptions options, IStoreMaintenance store, AccountDirectory accounts, TombstoneSweep tombstones, ExpirySweep expiry, GatewayMetrics metrics, TimeProvider time,
    ILogger<Housekeeping> logger, ReplacedStores? replaced = null)
    : BackgroundService
{
    private const int RowsAtOnce = 500;
    private const int ManyOwners = 2_000;

    // With as many the heap is some 100 MB, and a collection of it a tenth of a second.
    private const int FewOwners = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private int evictedSinceReturn;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await RunOnceAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        // First what needs no storage: reads go on making owners when nothing can be written.
        await TryAsync(
            () =>
            {
                local.EndIdle(options.Buckets.IdleTimeout);
                ReturnMemory(buckets.EvictIdle());
                return Task.CompletedTask;
            },
            stoppingToken);
        await TryAsync(() => accounts.ResumeDeletionsAsync(stoppingToken), stoppingToken);
        await TryAsync(async () =>
        {
            while (await store.PurgeAsync(RowsAtOnce, stoppingToken))
            {
            }
        }, stoppingToken);
        await TryAsync(() => tombstones.StepAsync(stoppingToken), stoppingToken);
        await TryAsync(() => expiry.StepAsync(stoppingToken), stoppingToken);
        if (replaced is not null)
        {
            await TryAsync(() => replaced.StepAsync(stoppingToken), stoppingToken);
        }
    }

    /// <summary>One thing that cannot be done, as when one of several databases is away, does not keep the next from being done.</summary>
    private async Task TryAsync(Func<Task> run, CancellationToken stoppingToken)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            // Whatever it is, the server serves on, and this comes round again.
            metrics.HousekeepingFailed();
            LogPostponed(e);
        }
    }

    /// <summary>
    /// The heap does not shrink by itself once a server has gone quiet. So after many owners have left, in the first round
    /// in which none left, one full collection gives their room back. It stops all threads for about a second for each gigabyte
    /// that is in use, longer than leases and probes of a cluster wait: so not where many owners have stayed, whose room will be
    /// needed again anyway.
    /// </summary>
    private void ReturnMemory(int evicted)
    {
        evictedSinceReturn += evicted;
        if (evicted == 0 && evictedSinceReturn >= ManyOwners)
        {
            if (buckets.Count > FewOwners)
            {
                return;
            }

            evictedSinceReturn = 0;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    [LoggerMessage(20, LogLevel.Warning, "Housekeeping failed and will be tried again in 10 seconds. If it keeps failing, check the database: old tombstones, deleted lists and accounts stay until then.")]
    private partial void LogPostponed(Exception exception);
}
