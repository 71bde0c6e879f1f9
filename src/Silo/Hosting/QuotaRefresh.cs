using Lockstep.Core.Owner;
using Lockstep.Core.Quotas;
using Lockstep.Core.Time;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Makes the owners of this process apply the quotas that administrators have set, here or elsewhere. It looks for changes every
/// <see cref="QuotaOptions.RefreshTime"/>, and once before the first owner. While the database does not answer, the last known quotas apply.
/// </summary>
internal sealed partial class QuotaRefresh(
    IQuotaStore store, InProcessBuckets buckets, LockstepOptions options, TimeProvider time, ILogger<QuotaRefresh> logger)
    : BackgroundService
{
    private ServerTimestamp? known;
    private bool isFailing;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Buckets.Quotas.RefreshTime, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task TryAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (known is null || await store.StampAsync(stoppingToken) != known)
            {
                var list = await store.ListAsync(stoppingToken);
                buckets.SetQuotas(list.Quotas);
                known = list.Stamp;
            }

            isFailing = false;
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            // It is tried again soon, and one line is enough.
            if (!isFailing)
            {
                LogPostponed(e);
            }

            isFailing = true;
        }
    }

    [LoggerMessage(23, LogLevel.Warning, "Quotas that administrators have set could not be read; the last known ones apply. Reading is tried again and again; if this continues, check the database.")]
    private partial void LogPostponed(Exception exception);
}
