using Lockstep.Grains.Placement;
using Orleans.Runtime;

namespace Lockstep.Silo.Routing;

/// <summary>
/// When a silo looks whether owners of its own belong elsewhere: some time after the silos have changed, at once again while there
/// are any, and now and then for as long as it runs. An owner whose end takes longer than Orleans waits for stays in the directory,
/// so that the next call makes another one on the same silo, long after the others have moved.
/// </summary>
internal sealed class MoveSchedule(TimeProvider time)
{
    /// <summary>Silos come and go in groups; whoever moves after each one moves for nothing. As often is looked for latecomers.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    private SiloAddress[] known = [];
    private HomeSilos homes = new([]);
    private long since;
    private bool goesOn;

    /// <param name="active">The silos that are active now.</param>
    /// <returns>Where buckets are at home, when it is time to look; else null.</returns>
    public HomeSilos? Due(IEnumerable<SiloAddress> active)
    {
        SiloAddress[] now = [.. active.Order()];
        if (now.Length == 0)
        {
            return null;
        }

        if (!now.SequenceEqual(known))
        {
            (known, homes, since, goesOn) = (now, new HomeSilos(now), time.GetTimestamp(), false);
            return null;
        }

        return goesOn || time.GetElapsedTime(since) >= Settled ? homes : null;
    }

    /// <summary>It was looked.</summary>
    /// <param name="hasMore">Whether there may be more that belongs elsewhere.</param>
    public void Looked(bool hasMore) => (since, goesOn) = (time.GetTimestamp(), hasMore);
}
