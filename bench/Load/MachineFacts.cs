using System.Runtime.InteropServices;

namespace Lockstep.Bench;

/// <summary>What one must know of the machine to read the numbers.</summary>
internal sealed record MachineFacts(int Cores, string Kernel, string Runtime, string FileSystem, string LoadBefore)
{
    /// <param name="directory">Where the server's data lie.</param>
    public static MachineFacts Of(string directory) => new(
        Environment.ProcessorCount,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        RuntimeInformation.FrameworkDescription,
        new DriveInfo(directory).DriveFormat,
        LoadAverage());

    /// <summary>Of 1, 5 and 15 minutes, and the processes running and there.</summary>
    public static string LoadAverage() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..4]);
}
