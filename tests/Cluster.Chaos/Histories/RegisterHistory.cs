namespace Lockstep.Cluster.Chaos.Histories;

/// <summary>
/// Whether one order explains all answers about a register: each write takes effect at one moment between its call and its
/// return, its condition is judged against what the register holds at that moment, and stamps rise in that order.
/// <para>
/// The search is that of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of what was
/// tried: the next write in the order is any that was called before the first return among those left; a set of writes done,
/// with the last one that changed something, is tried once. A write of unknown effect never returned: it may come at any
/// later place, or nowhere.
/// </para>
/// <para>
/// An unknown write's stamp is learned from whoever saw its content, since contents differ. So two stamps of one content,
/// which is a write that was executed twice, are found before the search.
/// </para>
/// </summary>
internal sealed class RegisterHistory
{
    /// <summary>So many writes fit in a set of the search.</summary>
    public const int MaxWrites = 128;

    private readonly RegisterWrite[] writes;
    private readonly RegisterValue[] results;
    private readonly HashSet<(UInt128 Done, int Last)> tried = [];
    private readonly UInt128 answered;

    private RegisterHistory(RegisterWrite[] writes, RegisterValue[] results)
    {
        (this.writes, this.results) = (writes, results);
        for (var i = 0; i < writes.Length; i++)
        {
            answered |= writes[i].Effect is Effect.Unknown ? UInt128.Zero : UInt128.One << i;
        }
    }

    /// <param name="history">The writes to one register.</param>
    /// <param name="read">What readers saw: no part of the order, since they may be shown what is a little old, but it tells stamps.</param>
    /// <returns>What is wrong; null when there is such an order.</returns>
    public static string? Check(IEnumerable<RegisterWrite> history, IEnumerable<RegisterValue>? read = null)
    {
        var ordered = history.OrderBy(static write => write.Invoked).ToArray();
        if (ordered.Length > MaxWrites)
        {
            throw new ArgumentException($"{ordered.Length} writes are more than the {MaxWrites} that can be searched.", nameof(history));
        }

        var stamps = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var seen in (IEnumerable<RegisterValue>)
            [.. read ?? [], .. ordered.Select(static write => write.Seen ?? default), .. ordered.Select(static write => new RegisterValue(write.Stamp, write.Content))])
        {
            if (seen is { Content: { } content, Stamp: > 0 and var stamp } && !stamps.TryAdd(content, stamp) && stamps[content] != stamp)
            {
                return Explain($"{content} has two stamps, {stamps[content]} and {stamp}", ordered);
            }
        }

        var values = ordered.Select(write => write.Content is { } content ? new RegisterValue(stamps.GetValueOrDefault(content), content) : RegisterValue.Absent).ToArray();
        return new RegisterHistory(ordered, values).HasOrder(done: 0, last: -1, clock: 0) ? null : Explain("no order explains this", ordered);
    }

    private static string Explain(string problem, RegisterWrite[] writes) => $"{problem}:\n{string.Join('\n', writes.AsEnumerable())}";

    /// <param name="done">The writes that were put in order.</param>
    /// <param name="last">The one among them that last changed something; -1 for none.</param>
    /// <param name="clock">The greatest known stamp among them.</param>
    private bool HasOrder(UInt128 done, int last, long clock)
    {
        if ((done & answered) == answered)
        {
            return true;
        }

        if (!tried.Add((done, last)))
        {
            return false;
        }

        var firstReturn = writes.Where((_, i) => !Has(done, i)).Min(static write => write.Ended);
        for (var i = 0; i < writes.Length && writes[i].Invoked <= firstReturn; i++)
        {
            if (Has(done, i) || !CanBeNext(i, last < 0 ? RegisterValue.Absent : results[last], clock))
            {
                continue;
            }

            var changes = writes[i].Effect is not Effect.NotApplied;
            if (HasOrder(done | (UInt128.One << i), changes ? i : last, Math.Max(clock, changes ? StampOf(i) : 0)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Has(UInt128 set, int i) => (set >> i & 1) != 0;

    private long StampOf(int i) => Math.Max(writes[i].Stamp, results[i].Stamp);

    private bool CanBeNext(int i, RegisterValue now, long clock)
    {
        var write = writes[i];
        var holds = write.Condition switch
        {
            WriteCondition.IfMatch => now.Content is not null && now.Stamp == write.Expected,
            WriteCondition.IfAbsent => now.Content is null,
            WriteCondition.IfUnmodified => now.Content is null || (now.Stamp > 0 && now.Stamp <= write.Expected),
            WriteCondition.IfPresent => now.Content is not null,
            _ => true,
        };
        return write.Effect is Effect.NotApplied
            ? !holds && (write.Seen is not { } seen || seen.Content == now.Content)
            : holds && (StampOf(i) == 0 || StampOf(i) > clock);
    }
}
