using System.Diagnostics.CodeAnalysis;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>
/// What buckets and collections say of data, read once for many writes; for all owners of a process. Invariants:
/// <list type="number">
/// <item>What is remembered was committed, and counts for one state of the list that the object lies in: its key, its stamp, and the history
/// of the store that these are of.</item>
/// <item>All of it together takes no more than the bound. What was not used for the longest time goes first.</item>
/// </list>
/// </summary>
internal sealed class DataRuleCache(IDataRules rules, long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(BucketId Bucket, ObjectRef Of), LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> used = new();
    private long bytes;

    public IDataRules Rules => rules;

    /// <summary>Bytes that what one object says may take: more would not be remembered, and read anew for each write.</summary>
    public long MaxSize { get; } = Math.Max(0, (maxBytes / 4) - KnownRule.OwnBytes);

    /// <summary>What is remembered of an object as the heads know it.</summary>
    /// <param name="heads">Of which nothing is uncommitted.</param>
    /// <param name="of">The bucket or collection.</param>
    /// <param name="known">What it says.</param>
    public bool TryGet(BucketHeads heads, ObjectRef of, [NotNullWhen(true)] out KnownRule? known)
    {
        lock (gate)
        {
            known = null;
            if (!entries.TryGetValue((heads.Id, of), out var node))
            {
                return false;
            }

            if (node.Value.State != StateOf(heads, of))
            {
                Remove(node);
                return false;
            }

            used.Remove(node);
            used.AddFirst(node);
            known = node.Value.Known;
            return true;
        }
    }

    /// <param name="heads">Of which nothing is uncommitted.</param>
    /// <param name="of">The bucket or collection.</param>
    /// <param name="known">What it says, as it was read.</param>
    public void Remember(BucketHeads heads, ObjectRef of, KnownRule known)
    {
        var size = known.Size;
        lock (gate)
        {
            if (entries.TryGetValue((heads.Id, of), out var former))
            {
                Remove(former);
            }

            if (size > MaxSize + KnownRule.OwnBytes)
            {
                return;
            }

            entries[(heads.Id, of)] = used.AddFirst(new Entry(heads.Id, of, StateOf(heads, of), known, size));
            bytes += size;
            while (bytes > maxBytes)
            {
                Remove(used.Last!);
            }
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        used.Remove(node);
        entries.Remove((node.Value.Bucket, node.Value.Of));
        bytes -= node.Value.Size;
    }

    private static State StateOf(BucketHeads heads, ObjectRef of) =>
        heads[of.List] is var list ? new State(heads.Row, heads.Incarnation, list.Key, list.RowsModified) : default;

    private readonly record struct State(long Row, long Incarnation, int Key, ServerTimestamp Stamp);

    private sealed record Entry(BucketId Bucket, ObjectRef Of, State State, KnownRule Known, long Size);
}
