namespace Lockstep.Bench.Simulation;

/// <summary>
/// The CPU of a cluster's machines in one second, from which requests take. Machines of a kind are one pool, but each database is its own, and all accounts are in the first one.
/// What a second leaves is gone, but for the cost of one request, so that none is too dear for ever.
/// </summary>
internal sealed class Budget
{
    private const double Microseconds = 1_000_000;

    private readonly double gateways;
    private readonly double silos;
    private readonly double[] databases;
    private readonly double hash;
    private readonly double account;
    private readonly Cost poll;
    private readonly double places;
    private readonly double[] leftOfDatabases;
    private double leftOfGateways;
    private double leftOfSilos;
    private double leftOfPlaces;

    /// <param name="costs">The inputs.</param>
    /// <param name="size">The machines.</param>
    /// <param name="oneOf">Of so many requests one takes from this.</param>
    public Budget(Costs costs, ClusterSize size, int oneOf)
    {
        var core = Microseconds / oneOf;
        gateways = size.Gateways * costs["gateway.cores"] * core;
        silos = size.Silos * costs["silo.cores"] * core;
        databases = [.. Enumerable.Range(0, size.Databases).Select(index => core * (index == 0 ? Math.Max(size.HomeCores, costs["database.cores"]) : costs["database.cores"]))];
        hash = costs["hash.gateway"];
        poll = costs.ColdPoll;
        account = poll.Database * costs["cold.account.share"];
        places = gateways * costs["hash.places"];
        leftOfDatabases = new double[databases.Length];
    }

    /// <summary>Of a second.</summary>
    public Cost Capacity => new(gateways, silos, databases.Sum());

    /// <summary>What one request costs at most.</summary>
    public Cost Largest => poll + new Cost(hash, 0, 0);

    /// <summary>The next second begins.</summary>
    public void Refill()
    {
        leftOfGateways = gateways + Math.Min(leftOfGateways, hash + poll.Gateway);
        leftOfPlaces = places + Math.Min(leftOfPlaces, hash);
        leftOfSilos = silos + Math.Min(leftOfSilos, poll.Silo);
        for (var i = 0; i < databases.Length; i++)
        {
            leftOfDatabases[i] = databases[i] + Math.Min(leftOfDatabases[i], poll.Database);
        }
    }

    /// <summary>Takes what a request costs.</summary>
    /// <param name="user">Says in which database the bucket is.</param>
    /// <param name="isSignIn">Whether a password has to be hashed.</param>
    /// <returns>What was taken; null where there is not enough, and then nothing is.</returns>
    public Cost? TryTake(int user, bool isSignIn)
    {
        var cost = isSignIn ? Largest : poll;
        var own = Outage.DatabaseOf(user, databases.Length);
        if (leftOfGateways < cost.Gateway || leftOfSilos < cost.Silo || (isSignIn && leftOfPlaces < hash)
            || leftOfDatabases[0] < account + (own == 0 ? cost.Database - account : 0) || leftOfDatabases[own] < cost.Database - account)
        {
            return null;
        }

        leftOfGateways -= cost.Gateway;
        leftOfPlaces -= isSignIn ? hash : 0;
        leftOfSilos -= cost.Silo;
        leftOfDatabases[0] -= account;
        leftOfDatabases[own] -= cost.Database - account;
        return cost;
    }

    /// <summary>Takes what a gateway spends on a refusal, from the next second where this one has none left.</summary>
    public void Owe(double gateway) => leftOfGateways -= gateway;
}
