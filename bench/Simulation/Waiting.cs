namespace Lockstep.Bench.Simulation;

/// <summary>
/// How long requests wait for a core: arrivals at random (Poisson), service times that vary as much as an exponential distribution, one queue for all
/// cores of a kind of machine (M/M/c).
/// </summary>
/// <remarks>Erlang's second formula, by the recursion for his first one.</remarks>
internal static class Waiting
{
    /// <summary>The probability that a request waits at all.</summary>
    /// <param name="cores">How many.</param>
    /// <param name="load">Cores that are busy on average.</param>
    /// <returns>1 where there is more work than cores.</returns>
    public static double Probability(int cores, double load)
    {
        if (load >= cores)
        {
            return 1;
        }

        var blocked = 1.0;
        for (var i = 1; i <= cores; i++)
        {
            blocked = load * blocked / (i + (load * blocked));
        }

        return blocked / (1 - (load / cores * (1 - blocked)));
    }

    /// <summary>How long 99 % of the requests wait at most.</summary>
    /// <param name="cores">How many.</param>
    /// <param name="load">Cores that are busy on average.</param>
    /// <param name="service">Time of a request on a core.</param>
    /// <returns>In the unit of the service time; infinity where there is more work than cores.</returns>
    public static double Percentile99(int cores, double load, double service)
    {
        if (load >= cores)
        {
            return double.PositiveInfinity;
        }

        var waits = Probability(cores, load);
        return waits <= 0.01 ? 0 : Math.Log(waits / 0.01) * service / (cores - load);
    }
}
