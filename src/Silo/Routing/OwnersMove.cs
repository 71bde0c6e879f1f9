using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Orleans.Runtime;

namespace Lockstep.Silo.Routing;

/// <summary>
/// Moves owners between silos. When a silo has come, the owners of its buckets that are active elsewhere move to it. So it gets its share at once, and calls soon need no
/// detour. They do not all move at the same time, because each has to load. Before a silo stops, all of its owners move away while it still answers and forwards calls.
/// Orleans would end them too, but loses some of the calls that are under way.
/// </summary>
internal sealed partial class OwnersMove(LocalOwners owners, ISiloStatusOracle silos, TimeProvider time, ILogger<OwnersMove> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int MostPerInterval = 500;

    // Owners that have not moved by then are left to Orleans.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        owners.EndWatches();
        if (silos.GetActiveSilos().Length == 1)
        {
            return;
        }

        owners.BeginLeaving();
        var begun = time.GetTimestamp();
        while (owners.Count > 0 && time.GetElapsedTime(begun) < Patience && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Look, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var schedule = new MoveSchedule(time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (schedule.Due(silos.GetActiveSilos()) is { } homes)
                {
                    schedule.Looked(hasMore: TryMove(homes));
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops, and its owners leave anyway.
        }
    }

    /// <returns>Whether there may be more to move.</returns>
    private bool TryMove(HomeSilos homes)
    {
        try
        {
            return owners.Move(id => !homes.Of(id.Value).Equals(silos.SiloAddress), MostPerInterval) > 0;
        }
        catch (Exception e)
        {
            // Whatever the fault, the owners are served where they are, and this is tried again.
            LogNotMoved(e);
            return true;
        }
    }

    [LoggerMessage(41, LogLevel.Warning, "Some owners could not be moved to the silo that is now their home. They are served where they are, and the move is tried again.")]
    private partial void LogNotMoved(Exception exception);
}
