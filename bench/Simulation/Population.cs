namespace Lockstep.Bench.Simulation;

/// <summary>What users send in a second of the peak.</summary>
/// <param name="Users">How many there are.</param>
/// <param name="Costs">The inputs.</param>
internal sealed record Population(long Users, Costs Costs)
{
    private const double SecondsOfADay = 86_400;

    /// <summary>Devices that are awake at the peak: no more than there are.</summary>
    public double Awake => Math.Min(Users * Costs["devices"], Users * Costs["devices"] * Costs["awake"] / 24 * Costs["peak"]);

    public double Polls => Awake * Costs["polls"] / 3600;

    public double Writes => Users * Costs["writes"] * Costs["peak"] / SecondsOfADay;

    /// <summary>Each of the other devices fetches what was written.</summary>
    public double Reads => Writes * (Costs["devices"] - 1);

    /// <summary>CPU of a second, over all machines. Every poll is a cold one.</summary>
    public Cost Load => (Polls * Costs.ColdPoll) + (Writes * Costs.Request("write")) + (Reads * Costs.Request("read"));

    /// <summary>Of <see cref="Load"/>, what only the home database can do: it has the accounts.</summary>
    public double HomeLoad => Polls * Costs.ColdPoll.Database * Costs["cold.account.share"];

    public double RecordBytes => Users * Costs["records"] * Costs["disk.record"];

    /// <summary>Owners that silos have in memory: of everybody who has a device awake.</summary>
    public double Owners => Math.Min(Users, Awake);
}
