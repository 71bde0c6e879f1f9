using System.Globalization;

namespace Lockstep.Bench;

/// <summary>
/// A control group of Linux that gives one process so much CPU and no more, with either version of the interface. It needs
/// root, or a group that was handed over. <c>bench/cluster</c> removes the groups when their processes have ended.
/// </summary>
internal static class CpuShare
{
    // Short, so that a process that has used its share waits for a few milliseconds only.
    private const int PeriodMicroseconds = 10_000;

    /// <param name="group">The group's path below where control groups for CPU lie.</param>
    /// <param name="process">Who goes into it, with all threads.</param>
    /// <param name="cores">How much it may take.</param>
    public static void Set(string group, int process, double cores)
    {
        var quota = (int)(PeriodMicroseconds * cores);
        if (Directory.Exists("/sys/fs/cgroup/cpu"))
        {
            var directory = Directory.CreateDirectory($"/sys/fs/cgroup/cpu/{group}").FullName;
            Write(directory, "cpu.cfs_period_us", Text(PeriodMicroseconds));
            Write(directory, "cpu.cfs_quota_us", Text(quota));
            Write(directory, "cgroup.procs", Text(process));
        }
        else
        {
            // The parent hands the controller on; a group with processes of its own cannot, except the topmost.
            Write("/sys/fs/cgroup", "cgroup.subtree_control", "+cpu");
            var directory = Directory.CreateDirectory($"/sys/fs/cgroup/{group}").FullName;
            Write(directory, "cpu.max", $"{Text(quota)} {Text(PeriodMicroseconds)}");
            Write(directory, "cgroup.procs", Text(process));
        }
    }

    private static void Write(string directory, string file, string text) => File.WriteAllText(Path.Combine(directory, file), text);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
