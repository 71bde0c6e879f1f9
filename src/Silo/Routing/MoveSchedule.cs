using Lockstep.Grains.Placement;
using Orleans.Runtime;

namespace Lockstep.Silo.Routing;

/// <summary>
/// Says when a silo checks whether any of its owners belong elsewhere: some time after the silos have changed, again at once while there are any, and now and then for as
/// long as it runs. An owner that takes longer to end than Orleans waits stays in the directory. The next call then makes another one on the same silo, long after the
/// others have moved.
/// </summary>
internal sealed class MoveSchedule(TimeProvider time)
{
    /// <summary>Silos come and go in groups, and owners that move after each change move for nothing. The check for latecomers has the same interval.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    private SiloAddress[] known = [];
    private HomeSilos homes = new([]);
    private long since;
    private bool goesOn;

    /// <param name="active">The silos that are active now.</param>
    /// <returns>The homes of the buckets, if it is time to check; otherwise null.</returns>
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

    /// <summary>Notes that the check was made.</summary>
    /// <param name="hasMore">Whether more owners may belong elsewhere.</param>
    public void Looked(bool hasMore) => (since, goesOn) = (time.GetTimestamp(), hasMore);
}
