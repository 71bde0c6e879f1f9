using System.Collections.Concurrent;
using Lockstep.Cluster.Chaos.Histories;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Records that are written conditionally: one at a time, and another one before a history is too long to be searched.</summary>
internal sealed class Registers(string name)
{
    private const int WritesEach = 90;
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<RegisterWrite>> histories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<RegisterValue>> read = new(StringComparer.Ordinal);
    private int number;
    private int begun;

    /// <summary>Writes that are in histories.</summary>
    public int Writes
    {
        get
        {
            lock (gate)
            {
                return histories.Values.Sum(static history => history.Count);
            }
        }
    }

    /// <returns>The register to write to now.</returns>
    public string Next()
    {
        lock (gate)
        {
            if (begun++ == WritesEach)
            {
                (begun, number) = (1, number + 1);
            }

            return $"{name}-{number}";
        }
    }

    public void Add(string register, RegisterWrite write)
    {
        lock (gate)
        {
            (histories.TryGetValue(register, out var history) ? history : histories[register] = []).Add(write);
        }
    }

    public void Read(string register, RegisterValue value)
    {
        lock (gate)
        {
            (read.TryGetValue(register, out var values) ? values : read[register] = []).Add(value);
        }
    }

    /// <summary>Looks for an order in each history.</summary>
    public void Check(Verdicts verdicts)
    {
        lock (gate)
        {
            foreach (var (register, history) in histories)
            {
                if (RegisterHistory.Check(history, read.GetValueOrDefault(register)) is { } problem)
                {
                    verdicts.Violated($"P4 {register} is not linearizable: {problem}");
                }
            }
        }
    }
}
