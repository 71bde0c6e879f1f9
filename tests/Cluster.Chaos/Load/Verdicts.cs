using System.Collections.Concurrent;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Broken promises, and counts of what was asked and answered.</summary>
internal sealed class Verdicts
{
    private const int Shown = 20;
    private readonly ConcurrentQueue<string> violations = new();
    private readonly ConcurrentDictionary<string, int> refusals = new(StringComparer.Ordinal);
    private int requests;
    private int refused;
    private int unknown;

    public int Requests => Volatile.Read(ref requests);

    public int Refused => Volatile.Read(ref refused);

    public int Unknown => Volatile.Read(ref unknown);

    public int Violations => violations.Count;

    /// <summary>Answers that were none, with how often they came.</summary>
    public string Refusals => refusals.IsEmpty ? "none" : string.Join(", ", refusals.OrderByDescending(static kind => kind.Value).Select(static kind => $"{kind.Value} x {kind.Key}"));

    public void Violated(string promise) => violations.Enqueue(promise);

    public void Check(bool holds, string promise)
    {
        if (!holds)
        {
            Violated(promise);
        }
    }

    public void Count(Fate fate, string kind)
    {
        Interlocked.Increment(ref requests);
        if (fate is not Fate.Answered)
        {
            Interlocked.Increment(ref fate is Fate.Refused ? ref refused : ref unknown);
            refusals.AddOrUpdate(kind, 1, static (_, count) => count + 1);
        }
    }

    public void AssertKept() =>
        Assert.True(violations.IsEmpty, $"{violations.Count} promises were broken:\n{string.Join('\n', violations.Take(Shown))}");

    public override string ToString() => $"{Requests} requests, {Refused} refused, {Unknown} unknown, {Violations} violations; not answered: {Refusals}";
}
