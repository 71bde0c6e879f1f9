namespace Lockstep.Bench.Simulation;

/// <summary>
/// The least machines for so many users: with one gateway and one silo lost the others are busy for no more than a share of their cores, and hold all owners
/// in half of their memory. The p99 that follows is to be held against the aim: with many cores that share binds first.
/// </summary>
internal sealed class Sizing(Population population)
{
    private const double Microseconds = 1_000_000;

    private readonly Costs costs = population.Costs;

    public ClusterSize Find()
    {
        var load = population.Load;
        var gateways = Machines("gateway", load.Gateway, rooms: 0);
        var silos = Machines("silo", load.Silo, population.Owners * costs["memory.owner"] / ((costs["machine.memory"] / 2) - costs["memory.silo"]));

        // A database is not lost when its machine is: the standby takes over. So it may be as busy as that allows.
        var work = load.Database - population.HomeLoad;
        var cores = costs["database.cores"] * costs["busy"] * Microseconds;
        var databases = (int)Math.Max(1, Math.Ceiling(Math.Max(work / cores, population.RecordBytes / costs["database.disk"])));
        return new ClusterSize(gateways, silos, databases, (int)Math.Ceiling((population.HomeLoad + (work / databases)) / costs["busy"] / Microseconds));
    }

    /// <summary>99 % of polls are answered within so many milliseconds: the sum of what 99 % wait at most in each place.</summary>
    public double PollPercentile(ClusterSize size) => costs["latency.poll"] + Waits(size, costs.ColdPoll);

    /// <summary>The same of writes.</summary>
    public double WritePercentile(ClusterSize size) => costs["latency.write"] + Waits(size, costs.Request("write"));

    private double Waits(ClusterSize size, Cost service)
    {
        var load = population.Load;
        var database = Math.Max(size.HomeCores, costs["database.cores"]);
        return (Wait(size.Gateways * costs["gateway.cores"], load.Gateway, service.Gateway)
            + Wait(size.Silos * costs["silo.cores"], load.Silo, service.Silo)
            + Wait(database, population.HomeLoad + ((load.Database - population.HomeLoad) / size.Databases), service.Database)) / 1000;
    }

    private static double Wait(double cores, double load, double service) => Waiting.Percentile99((int)cores, load / Microseconds, service);

    private int Machines(string kind, double load, double rooms)
    {
        var left = Math.Max(Math.Ceiling(load / (costs[kind + ".cores"] * costs["busy"] * Microseconds)), Math.Ceiling(rooms));
        return (int)Math.Max(1, left) + 1;
    }
}
