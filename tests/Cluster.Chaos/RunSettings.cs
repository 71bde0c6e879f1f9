using System.Globalization;
using Xunit.Abstractions;

namespace Lockstep.Cluster.Chaos;

/// <summary>What <c>tests/chaos</c> says about a run.</summary>
internal static class RunSettings
{
    /// <summary>How long the long form goes on; null: it does not run.</summary>
    public static int? Minutes => Number("LOCKSTEP_CHAOS_MINUTES");

    /// <summary>How often recovery is measured; null: it is not.</summary>
    public static int? RecoveryRounds => Number("LOCKSTEP_CHAOS_RECOVERY");

    /// <summary>The program of 0.1.0, as <c>tests/former</c> builds it; null: there is none.</summary>
    public static string? FormerProgram => Environment.GetEnvironmentVariable("LOCKSTEP_CHAOS_FORMER") is { Length: > 0 } file ? file : null;

    /// <summary>A file that long runs write to as they go; null: none.</summary>
    private static string? Progress => Environment.GetEnvironmentVariable("LOCKSTEP_CHAOS_PROGRESS") is { Length: > 0 } file ? file : null;

    /// <summary>By the seed that was given, or a new one, which is printed.</summary>
    public static Random Random(ITestOutputHelper log)
    {
        var seed = Number("LOCKSTEP_CHAOS_SEED") ?? System.Random.Shared.Next();
        Say(log, $"seed {seed}");
        return new Random(seed);
    }

    public static void Say(ITestOutputHelper log, string line)
    {
        log.WriteLine(line);
        if (Progress is { } file)
        {
            File.AppendAllText(file, $"{line}\n");
        }
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : null;
}
