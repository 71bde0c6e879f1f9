using System.Globalization;

namespace Lockstep.Bench;

/// <summary>What <c>bench/cluster</c> tells this program.</summary>
/// <param name="Seconds">Of each measurement.</param>
/// <param name="Rounds">Measurements of each scenario at each server.</param>
/// <param name="Buckets">To be touched at the last server; 0 for none.</param>
/// <param name="SiloShare">Cores that each silo may take; 0 for all there are.</param>
/// <param name="Group">Name of the control group for silos with a share.</param>
/// <param name="Directory">Where PostgreSQL's data lie.</param>
/// <param name="Postgres">Under all servers.</param>
/// <param name="Servers">The first is the one that the others are held against.</param>
internal sealed record ComparisonOptions(
    double Seconds,
    int Rounds,
    int Buckets,
    double SiloShare,
    string Group,
    string Directory,
    PostgresServer Postgres,
    IReadOnlyList<ComparedServer> Servers)
{
    public static ComparisonOptions Parse(string[] arguments) => new(
        double.Parse(arguments[0], CultureInfo.InvariantCulture),
        int.Parse(arguments[1], CultureInfo.InvariantCulture),
        int.Parse(arguments[2], CultureInfo.InvariantCulture),
        double.Parse(arguments[3], CultureInfo.InvariantCulture),
        arguments[4],
        arguments[5],
        PostgresServer.Parse(arguments[6]) ?? throw new ArgumentException("A cluster needs PostgreSQL.", nameof(arguments)),
        [.. arguments[7..].Select(ComparedServer.Parse)]);
}
