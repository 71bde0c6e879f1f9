using System.Globalization;

namespace Lockstep.Bench;

/// <summary>CPU time that the system counts for a process, in microseconds.</summary>
/// <param name="Parent">Whose child it is.</param>
/// <param name="Own">User and system time of all its threads, those that have ended too.</param>
/// <param name="Ended">The same of its children that have ended.</param>
internal readonly record struct ProcessTimes(int Parent, long Own, long Ended)
{
    // Linux counts in hundredths of a second for user space, whatever the kernel's own tick is.
    private const long MicrosecondsPerTick = 10_000;

    public static ProcessTimes Of(int id)
    {
        // The second field, in parentheses, may have blanks; the third is the first after it.
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new ProcessTimes((int)Number(1), (Number(11) + Number(12)) * MicrosecondsPerTick, (Number(13) + Number(14)) * MicrosecondsPerTick);

        long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
    }

    /// <summary>The own times of its children that have not ended, together.</summary>
    public static long OfChildren(int parent)
    {
        long sum = 0;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && IfThere(id) is { } times && times.Parent == parent)
            {
                sum += times.Own;
            }
        }

        return sum;
    }

    private static ProcessTimes? IfThere(int id)
    {
        try
        {
            return Of(id);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
