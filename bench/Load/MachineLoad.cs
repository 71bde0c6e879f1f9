using System.Globalization;

namespace Lockstep.Bench;

/// <summary>
/// CPU time spent so far, in microseconds: by the whole machine, by a server, by silos behind it, by PostgreSQL, by who loads them.
/// </summary>
internal sealed record MachineLoad(double All, double Server, double Silos, double Postgres, double Client)
{
    /// <summary>By nobody of these.</summary>
    public double Other => Math.Max(0, All - Server - Silos - Postgres - Client);

    /// <param name="server">The server.</param>
    /// <param name="postgres">What it stores in; null for nothing beside it.</param>
    /// <param name="client">The process that sends requests or transactions.</param>
    public static MachineLoad Of(ServerProcess server, PostgresServer? postgres, int client)
    {
        // cpu user nice system idle iowait irq softirq steal …, in hundredths of a second
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var busy = new[] { 1, 2, 3, 6, 7, 8 }.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture));
        return new MachineLoad(
            busy * 10_000d, server.CpuMicroseconds(), server.SiloMicroseconds(), postgres?.CpuMicroseconds() ?? 0, ProcessTimes.Of(client).Own);
    }

    public static MachineLoad operator -(MachineLoad after, MachineLoad before) => new(
        after.All - before.All,
        after.Server - before.Server,
        after.Silos - before.Silos,
        after.Postgres - before.Postgres,
        after.Client - before.Client);
}
