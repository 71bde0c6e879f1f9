using System.Globalization;

namespace Lockstep.Bench;

/// <summary>Memory that the system counts for a process.</summary>
internal static class ProcessMemory
{
    public static long ResidentBytes(int process) => StatusBytes(process, "VmRSS:");

    /// <summary>The most that was resident since the start.</summary>
    public static long PeakResidentBytes(int process) => StatusBytes(process, "VmHWM:");

    private static long StatusBytes(int process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
