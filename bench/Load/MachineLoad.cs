using System.Diagnostics;
using System.Globalization;

namespace Lockstep.Bench;

/// <summary>CPU time spent so far: by the whole machine, by a server, by this client.</summary>
internal sealed record MachineLoad(double All, double Server, double Client)
{
    public static MachineLoad Of(ServerProcess server)
    {
        // cpu user nice system idle iowait irq softirq steal …, in hundredths of a second
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var busy = new[] { 1, 2, 3, 6, 7, 8 }.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture));
        using var self = Process.GetCurrentProcess();
        return new MachineLoad(busy * 10_000d, server.CpuMicroseconds(), self.TotalProcessorTime.TotalMicroseconds);
    }

    public static MachineLoad operator -(MachineLoad after, MachineLoad before) =>
        new(after.All - before.All, after.Server - before.Server, after.Client - before.Client);
}
