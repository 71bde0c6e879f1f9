using System.Globalization;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Doctor;

/// <summary>Examines what the machine, or its container, gives to the process.</summary>
internal static class MachineExamination
{
    // What a process takes that serves nobody, and what garbage collection needs.
    private const long OwnBytes = 256L << 20;

    // Files, the database's connections, the log.
    private const long OwnFiles = 256;
    private const string Limits = "/proc/self/limits";

    /// <param name="options">Checked settings.</param>
    /// <param name="available">Bytes of memory that the container or the machine gives.</param>
    /// <param name="limits">The lines of <c>/proc/self/limits</c>; empty where there are none.</param>
    public static IEnumerable<Diagnosis> Examine(LockstepOptions options, long available, IEnumerable<string> limits)
    {
        var (budget, given) = (MemoryBudget.Of(options, available), Text(available));
        yield return budget + OwnBytes > available
            ? Diagnosis.Warning("memory", $"requests may take {Text(budget)} (MemoryBudgetBytes), and the process some {Text(OwnBytes)} besides; there are {given}. Lower MemoryBudgetBytes, or give it more.")
            : Diagnosis.Ok("memory", $"requests may take {Text(budget)} of {given}");

        // A connection for each stream of changes, and for each request; .NET raises the soft limit to the hard one.
        var wanted = options.Http.MaxStreams + options.Http.MaxConcurrentRequests + OwnFiles;
        if (limits.FirstOrDefault(static line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } line
            && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], NumberStyles.None, CultureInfo.InvariantCulture, out var most))
        {
            yield return most < wanted
                ? Diagnosis.Warning("open files", string.Create(CultureInfo.InvariantCulture, $"the process may open {most} files, and {wanted} connections and files are allowed for (Http:MaxStreams, Http:MaxConcurrentRequests). Raise the limit: LimitNOFILE= in a systemd unit, or ulimit -Hn."))
                : Diagnosis.Ok("open files", string.Create(CultureInfo.InvariantCulture, $"the process may open {most}"));
        }
    }

    public static IEnumerable<Diagnosis> Examine(LockstepOptions options) =>
        Examine(options, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, File.Exists(Limits) ? File.ReadLines(Limits) : []);

    private static string Text(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20:N0} MiB");
}
