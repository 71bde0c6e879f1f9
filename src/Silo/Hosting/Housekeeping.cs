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
/// Does the work that nobody waits for. It drops idle owners. In small steps it removes rows of deleted lists, expired records, and files that no record names. It
/// completes account deletions that were cut off. It removes the data of replaced Sync stores, expired tokens and sessions of accounts, push subscriptions that nobody
/// renews, and expired counts of failed sign-ins.
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
        // First what needs no storage: reads make new owners even when nothing can be written.
        await TryAsync(
            () =>
            {
                local.EndIdle(options.Buckets.IdleTimeout);
                buckets.EvictIdle();
                return Task.CompletedTask;
            },
            stoppingToken);
        await TryAsync(() => accounts.ResumeDeletionsAsync(stoppingToken), stoppingToken);
        await PurgeAsync(() => store.PurgeAsync(RowsAtOnce, stoppingToken), stoppingToken);
        await PurgeAsync(() => keyed.PurgeTokensAsync(ServerTimestamp.Now(time), RowsAtOnce, stoppingToken), stoppingToken);
        await PurgeAsync(() => sessions.PurgeAsync(ServerTimestamp.Now(time), RowsAtOnce, stoppingToken), stoppingToken);
        if (options.Kinto.Push.IsOn)
        {
            await PurgeAsync(() => push.PurgeAsync(ServerTimestamp.Now(time).Plus(-(long)options.Kinto.Push.KeepTime.TotalMilliseconds), RowsAtOnce, stoppingToken), stoppingToken);
        }

        if (counts is not null)
        {
            await PurgeAsync(() => counts.PurgeAsync(RowsAtOnce, stoppingToken), stoppingToken);
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

    /// <summary>Repeats a step for as long as there may be more to remove.</summary>
    private Task PurgeAsync(Func<ValueTask<bool>> step, CancellationToken stoppingToken) => TryAsync(
        async () =>
        {
            while (await step())
            {
            }
        },
        stoppingToken);

    /// <summary>If one step fails, as when one of several databases is away, the next ones are done all the same.</summary>
    private async Task TryAsync(Func<Task> run, CancellationToken stoppingToken)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            // Whatever the fault, the server continues to serve, and this is tried again.
            metrics.HousekeepingFailed();
            LogPostponed(e);
        }
    }

    [LoggerMessage(24, LogLevel.Warning, "The database has buckets of a kind that this program does not know, {Bucket} for one: a newer program has made them. Nobody is served them here, and nothing of them is removed. Run the newer program on all servers.")]
    private partial void LogStranger(BucketId bucket);

    [LoggerMessage(20, LogLevel.Warning, "Housekeeping failed and will be tried again in 10 seconds. If it keeps failing, check the database: old tombstones, deleted lists and accounts stay until then.")]
    private partial void LogPostponed(Exception exception);
}
