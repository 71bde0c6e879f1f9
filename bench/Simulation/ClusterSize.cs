namespace Lockstep.Bench.Simulation;

/// <summary>Machines of each kind, each of the size that the inputs say.</summary>
/// <param name="Gateways">How many.</param>
/// <param name="Silos">How many.</param>
/// <param name="Databases">PostgreSQL servers, each with a standby of the same size that is not counted.</param>
/// <param name="HomeCores">Cores that the home database needs: it has the accounts beside its part of the buckets.</param>
internal sealed record ClusterSize(int Gateways, int Silos, int Databases, int HomeCores)
{
    /// <summary>Connections to each PostgreSQL, where nothing is between.</summary>
    public double Connections(Costs costs) => (Gateways + Silos) * costs["connections"];
}
