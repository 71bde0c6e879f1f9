using System.Globalization;

namespace Lockstep.Bench;

/// <summary>What <c>bench/run</c> tells this program.</summary>
/// <param name="Seconds">Of each measurement.</param>
/// <param name="Rounds">Measurements of each scenario.</param>
/// <param name="Buckets">To be touched; 0 for none.</param>
/// <param name="Directory">Where the servers' data lie.</param>
/// <param name="Server">The server.</param>
/// <param name="Bare">The bare endpoint.</param>
/// <param name="Postgres">Under both servers; null for SQLite.</param>
/// <param name="BucketServer">A second server, which soon takes owners for idle.</param>
internal sealed record LoadOptions(
    double Seconds,
    int Rounds,
    int Buckets,
    string Directory,
    ServerProcess Server,
    ServerProcess Bare,
    PostgresServer? Postgres,
    ServerProcess? BucketServer)
{
    /// <returns>What a variable of the environment says; null where it is not set.</returns>
    public static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : null;

    public static LoadOptions Parse(string[] arguments) => new(
        double.Parse(arguments[0], CultureInfo.InvariantCulture),
        int.Parse(arguments[1], CultureInfo.InvariantCulture),
        int.Parse(arguments[2], CultureInfo.InvariantCulture),
        arguments[3],
        ServerProcess.Parse(arguments[4]),
        ServerProcess.Parse(arguments[5]),
        PostgresServer.Parse(arguments[6]),
        arguments.Length > 7 ? ServerProcess.Parse(arguments[7]) : null);
}
