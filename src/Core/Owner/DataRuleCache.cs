using System.Diagnostics.CodeAnalysis;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>
/// Caches the data rules of buckets and collections for all owners of a process, so that many writes share one read. Invariants:
/// <list type="number">
/// <item>A cached rule was committed, and is valid for one state of the list that holds the object: its key, its stamp, and the history
/// of the store that these belong to.</item>
/// <item>All rules together take no more than the limit. The least recently used goes first.</item>
/// </list>
/// </summary>
internal sealed class DataRuleCache(IDataRules rules, long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(BucketId Bucket, ObjectRef Of), LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> used = new();
    private long bytes;

    public IDataRules Rules => rules;

    /// <summary>Bytes that one object's rule may take. A larger rule is not cached, and is read again for each write.</summary>
    public long MaxSize { get; } = Math.Max(0, (maxBytes / 4) - KnownRule.OwnBytes);

    /// <summary>The cached rule of an object, for the object's state in the heads.</summary>
    /// <param name="heads">Heads without uncommitted changes.</param>
    /// <param name="of">The bucket or collection.</param>
    /// <param name="known">Its rule.</param>
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

    /// <param name="heads">Heads without uncommitted changes.</param>
    /// <param name="of">The bucket or collection.</param>
    /// <param name="known">Its rule, as it was read.</param>
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
