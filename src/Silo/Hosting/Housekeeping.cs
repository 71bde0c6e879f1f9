using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Owner;
using Lockstep.Core.Push;
using Lockstep.Core.Sessions;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Grains;
using Lockstep.Silo.Cluster;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// What nobody waits for: lets go of idle owners, removes rows of deleted lists, records that have expired, and files that no record names in small steps, ends account deletions
/// that were cut off, removes the data of Sync stores that were replaced, tokens and sessions of accounts, push subscriptions that nobody renews, and counts of failed sign-ins that are over.
/// </summary>
internal sealed partial class Housekeeping(
    InProcessBuckets buckets, LocalOwners local, LockstepOptions options, IStoreMaintenance store, AccountDirectory accounts, IKeyedAccountStore keyed, ISessionStore sessions, IPushStore push, TombstoneSweep tombstones, ExpirySweep expiry, AttachmentSweep attachments, GatewayMetrics metrics, TimeProvider time,
    ILogger<Housekeeping> logger, ReplacedStores? replaced = null, EndedCounts? counts = null)
    : BackgroundService
{
    private const int RowsAtOnce = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private bool toldOfStrangers;

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
                buckets.EvictIdle();
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
        await TryAsync(async () =>
        {
            while (await keyed.PurgeTokensAsync(ServerTimestamp.Now(time), RowsAtOnce, stoppingToken))
            {
            }
        }, stoppingToken);
        await TryAsync(async () =>
        {
            while (await sessions.PurgeAsync(ServerTimestamp.Now(time), RowsAtOnce, stoppingToken))
            {
            }
        }, stoppingToken);
        if (options.Kinto.Push.IsOn)
        {
            await TryAsync(async () =>
            {
                while (await push.PurgeAsync(ServerTimestamp.Now(time).Plus(-(long)options.Kinto.Push.KeepTime.TotalMilliseconds), RowsAtOnce, stoppingToken))
                {
                }
            }, stoppingToken);
        }

        if (counts is not null)
        {
            await TryAsync(async () =>
            {
                while (await counts.PurgeAsync(RowsAtOnce, stoppingToken))
                {
                }
            }, stoppingToken);
        }

        await TryAsync(() => tombstones.StepAsync(stoppingToken), stoppingToken);
        await TryAsync(() => expiry.StepAsync(stoppingToken), stoppingToken);
        await TryAsync(() => attachments.StepAsync(stoppingToken), stoppingToken);
        if (!toldOfStrangers && (tombstones.Strange ?? expiry.Strange) is { } stranger)
        {
            LogStranger(stranger);
            toldOfStrangers = true;
        }

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

    [LoggerMessage(24, LogLevel.Warning, "The database has buckets of a kind that this program does not know, {Bucket} for one: a newer program has made them. Nobody is served them here, and nothing of them is removed. Run the newer program on all servers.")]
    private partial void LogStranger(BucketId bucket);

    [LoggerMessage(20, LogLevel.Warning, "Housekeeping failed and will be tried again in 10 seconds. If it keeps failing, check the database: old tombstones, deleted lists and accounts stay until then.")]
    private partial void LogPostponed(Exception exception);
}
