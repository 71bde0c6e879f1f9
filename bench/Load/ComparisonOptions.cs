using System.Globalization;
using System.Text.RegularExpressions;

namespace Lockstep.Bench;

/// <summary>What <c>bench/cluster</c> and <c>bench/compare</c> tell this program.</summary>
/// <param name="Seconds">Of each measurement.</param>
/// <param name="Rounds">Measurements of each scenario at each server.</param>
/// <param name="Buckets">To be touched at the last server; 0 for none.</param>
/// <param name="SiloShare">Cores that each silo may take; 0 for all there are.</param>
/// <param name="Group">Name of the control group for silos with a share.</param>
/// <param name="Directory">Where the data lie.</param>
/// <param name="Postgres">Under all servers; null for SQLite, where polls of people who were away are left out.</param>
/// <param name="Servers">The first is the one that the others are held against.</param>
internal sealed record ComparisonOptions(
    double Seconds,
    int Rounds,
    int Buckets,
    double SiloShare,
    string Group,
    string Directory,
    PostgresServer? Postgres,
    IReadOnlyList<ComparedServer> Servers)
{
    /// <summary>Names a regular expression: only scenarios whose names it matches are run. Not set, all are.</summary>
    public const string OnlyVariable = "LOCKSTEP_BENCH_ONLY";

    /// <summary>Whether a scenario of this name is run.</summary>
    public static bool Wants(string scenario) =>
        Environment.GetEnvironmentVariable(OnlyVariable) is not { Length: > 0 } only || Regex.IsMatch(scenario, only, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    public static ComparisonOptions Parse(string[] arguments) => new(
        double.Parse(arguments[0], CultureInfo.InvariantCulture),
        int.Parse(arguments[1], CultureInfo.InvariantCulture),
        int.Parse(arguments[2], CultureInfo.InvariantCulture),
        double.Parse(arguments[3], CultureInfo.InvariantCulture),
        arguments[4],
        arguments[5],
        PostgresServer.Parse(arguments[6]),
        [.. arguments[7..].Select(ComparedServer.Parse)]);
}
