namespace Lockstep.Bench;

/// <summary>What a process takes while nobody asks it anything.</summary>
/// <param name="Server">The compared server that it belongs to.</param>
/// <param name="Role">What it does there.</param>
/// <param name="Process">Its id.</param>
/// <param name="ResidentBytes">Its memory.</param>
/// <param name="Cpu">Of a core; until the end is taken, its CPU time so far in microseconds.</param>
internal sealed record Footprint(string Server, string Role, int Process, long ResidentBytes, double Cpu)
{
    public static Footprint Begin(string server, string role, int process) => new(server, role, process, 0, ProcessTimes.Of(process).Own);

    public Footprint End(TimeSpan elapsed) => this with
    {
        ResidentBytes = ProcessMemory.ResidentBytes(Process),
        Cpu = (ProcessTimes.Of(Process).Own - Cpu) / elapsed.TotalMicroseconds,
    };
}
