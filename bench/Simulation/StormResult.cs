namespace Lockstep.Bench.Simulation;

/// <summary>What became of a storm. Counts are of the devices that were simulated.</summary>
/// <param name="Seconds">Second by second.</param>
/// <param name="Answered">Seconds from the end of the outage until a device that it hit was first answered, in their order; of devices that were not, there is none.</param>
/// <param name="Concerned">Devices that the outage hit.</param>
/// <param name="Waits">Seconds that requests of the others waited: at an index, how many waited so long.</param>
/// <param name="OthersRefused">Requests of devices that the outage did not hit, and that were refused all the same.</param>
internal sealed record StormResult(IReadOnlyList<StormSecond> Seconds, IReadOnlyList<int> Answered, int Concerned, IReadOnlyList<long> Waits, long OthersRefused)
{
    /// <summary>When so many of the devices that the outage hit were answered.</summary>
    /// <param name="share">Above 0, up to 1.</param>
    /// <returns>Seconds from the end of the outage; null where it was not within what was simulated.</returns>
    public int? AnsweredAt(double share) => (int)Math.Ceiling(share * Concerned) is var count && count > 0 && count <= Answered.Count ? Answered[count - 1] : null;

    /// <summary>The longest wait, in seconds, of 99 % of the requests that were served, of devices that the outage did not hit.</summary>
    public int OthersWait()
    {
        var (sum, all) = (0L, Waits.Sum());
        for (var wait = 0; wait < Waits.Count; wait++)
        {
            if ((sum += Waits[wait]) >= 0.99 * all)
            {
                return wait;
            }
        }

        return 0;
    }
}
