using System.Globalization;
using Xunit.Abstractions;

namespace Lockstep.Hostile;

/// <summary>What <c>tests/hostile</c> says about a run.</summary>
internal static class RunSettings
{
    /// <summary>Whether it is the long form.</summary>
    public static bool IsLong => Number("LOCKSTEP_HOSTILE_MINUTES") is not null;

    /// <summary>Whether a silo and a gateway serve, and not one process.</summary>
    public static bool IsCluster => Environment.GetEnvironmentVariable("LOCKSTEP_HOSTILE_CLUSTER") is { Length: > 0 };

    /// <summary>How long each abuse goes on.</summary>
    public static TimeSpan Each => Number("LOCKSTEP_HOSTILE_MINUTES") is { } minutes
        ? TimeSpan.FromMinutes(minutes) / Abuses.All.Count
        : TimeSpan.FromSeconds(3);

    /// <summary>Requests of the fuzzer.</summary>
    public static int Requests => IsLong ? 100_000 : 2_000;

    /// <summary>Another build, as a directory with its <c>lockstep.dll</c>; null for this one.</summary>
    public static string? Program => Environment.GetEnvironmentVariable("LOCKSTEP_HOSTILE_PROGRAM") is { Length: > 0 } directory ? directory : null;

    /// <summary>A file that runs write to as they go; null: none.</summary>
    private static string? Progress => Environment.GetEnvironmentVariable("LOCKSTEP_HOSTILE_PROGRESS") is { Length: > 0 } file ? file : null;

    /// <summary>As it was given, or a new one, which is printed.</summary>
    public static int Seed(ITestOutputHelper log)
    {
        var seed = Number("LOCKSTEP_HOSTILE_SEED") ?? Random.Shared.Next();
        Say(log, $"seed {seed}");
        return seed;
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
