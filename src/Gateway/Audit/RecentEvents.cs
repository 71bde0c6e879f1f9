namespace Lockstep.Gateway.Audit;

/// <summary>The newest events of this process, for whoever wants to look at them. They go with the process. Safe for concurrent use.</summary>
/// <param name="most">The number of events that are kept; 0 for none.</param>
public sealed class RecentEvents(int most)
{
    // Clients choose these texts, and no event may take more than its share of memory.
    private const int MaxLength = 500;

    private readonly Lock gate = new();
    private readonly Queue<RecentEvent> events = new();

    public int Most => most;

    /// <returns>The newest first.</returns>
    public IReadOnlyList<RecentEvent> Read()
    {
        lock (gate)
        {
            return [.. events.Reverse()];
        }
    }

    internal void Add(RecentEvent one)
    {
        var source = one.Source;
        var kept = one with { Source = source with { Method = Short(source.Method)!, Path = Short(source.Path)!, User = Short(source.User), Agent = Short(source.Agent)! } };
        lock (gate)
        {
            if (events.Count == most)
            {
                events.Dequeue();
            }

            events.Enqueue(kept);
        }
    }

    private static string? Short(string? text) => text is { Length: > MaxLength } ? $"{text.AsSpan(0, MaxLength)}…" : text;
}
