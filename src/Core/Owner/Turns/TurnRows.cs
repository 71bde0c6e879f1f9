using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// The rows that a turn touches: the store's rows, covered by the turn's changes. Invariants:
/// <list type="number">
/// <item>A row has its state at the version with which the turn began. If a row shows that somebody else has written since, <see cref="IsStale"/> is set.</item>
/// <item>A row in memory is complete except for its body, and except for permissions that are long. These are read for operations that need them, once
/// there is room in <see cref="TurnMemory"/>.</item>
/// <item>Rows that the turn has written are never read from the store.</item>
/// </list>
/// </summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="reader">Reads rows that were not read in advance.</param>
/// <param name="store">The store of the rows.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class TurnRows(BucketHeads start, BucketDraft draft, OperationReader reader, IBucketStore store, TurnMemory memory)
{
    /// <summary>No rows at all.</summary>
    public static readonly IReadOnlyDictionary<RecordKey, StoredRecord> None = new Dictionary<RecordKey, StoredRecord>();

    /// <summary>The rows that were read; null for those that do not exist.</summary>
    public Dictionary<RecordKey, StoredRecord?> Loaded { get; } = [];

    /// <summary>Whether a row shows that somebody else has written meanwhile. The turn must then be discarded.</summary>
    public bool IsStale { get; set; }

    private BucketHeads Heads => draft.Heads;

    /// <summary>The object that a write reads first; null for other operations. Reads find theirs themselves.</summary>
    public static ObjectRef? TargetOf(Operation operation) => operation switch
    {
        PutRecord put => put.Target,
        CreateRecord create => create.Target,
        PatchRecord patch => patch.Target,
        DeleteRecord delete => delete.Target,
        AttachFile attach => attach.Target,
        _ => null,
    };

    /// <summary>The turn's state of an object: the live record, a tombstone, or null.</summary>
    public ValueTask<StoredRecord?> FindAsync(ObjectRef target, CancellationToken cancellationToken)
    {
        var head = Heads[target.List];
        if (!head.Exists)
        {
            return default;
        }

        if (draft.Overlay.TryGet(head.Key, target.Id, out var record))
        {
            return new(record);
        }

        if (Loaded.TryGetValue(new RecordKey(head.Key, target.Id), out record))
        {
            return record?.UnreadAclLength is null ? new(record) : throw new InvalidOperationException("What the row says of rights was not read.");
        }

        // A list that this turn created has no rows in the store.
        return start[target.List].Key != head.Key ? default : reader.Objects.FindAsync(target, Heads, draft.Overlay, cancellationToken);
    }

    /// <summary>Keeps rows that were read.</summary>
    public void Load(IReadOnlyDictionary<RecordKey, StoredRecord> rows)
    {
        foreach (var (key, record) in rows)
        {
            Loaded[key] = record;
        }
    }

    /// <summary>Reads a row's permissions if they are long and were not read yet.</summary>
    /// <returns>False if there is no room for them.</returns>
    public ValueTask<bool> TryLoadAclAsync(ObjectRef target, Caller caller, CancellationToken cancellationToken)
    {
        var key = new RecordKey(Heads[target.List].Key, target.Id);
        return draft.Overlay.TryGet(key.List, key.Id, out _) || Loaded.GetValueOrDefault(key) is not { UnreadAclLength: { } length } row
            ? new(true)
            : TryLoadAclAsync(key, row, length, caller, cancellationToken);
    }

    private async ValueTask<bool> TryLoadAclAsync(RecordKey key, StoredRecord row, int length, Caller caller, CancellationToken cancellationToken)
    {
        if (!memory.TryHold(TurnMemory.UserOf(caller), length))
        {
            return false;
        }

        memory.Count(length);
        Load(await store.ReadAsync(start.Key, [key], Projection.Metadata, cancellationToken));

        // A row that somebody else has written meanwhile has another version. The turn is then discarded with all its answers.
        IsStale |= Loaded[key] is not { UnreadAclLength: null } read || read.Modified != row.Modified;
        return !IsStale;
    }

    /// <summary>The record with its body, for a change of it or for an answer that shows it.</summary>
    /// <returns>Null if there is no room for it.</returns>
    public async ValueTask<StoredRecord?> WholeAsync(ObjectRef target, StoredRecord record, Caller caller, CancellationToken cancellationToken)
    {
        memory.Count(record.Size);
        if (record.UnreadLength is null)
        {
            return record;
        }

        if (!memory.TryHold(TurnMemory.UserOf(caller), record.Length))
        {
            return null;
        }

        var whole = await reader.Objects.FindAsync(target, Heads, draft.Overlay, cancellationToken);
        if (whole?.Modified == record.Modified)
        {
            return whole;
        }

        // The turn is discarded with all its answers.
        IsStale = true;
        return null;
    }

    /// <summary>The row if the record exists: neither a tombstone nor expired.</summary>
    public StoredRecord? Live(StoredRecord? row) => row is { IsTombstone: false } && (reader.Objects.AliveAt(Heads) is not { } at || row.IsAlive(at)) ? row : null;

    /// <summary>
    /// Reads what the changes need and was not read yet: the bodies of records that are kept, and all rows of an upload, whose bodies
    /// hold the changes.
    /// </summary>
    /// <returns>False if there is no room for it.</returns>
    public async ValueTask<bool> TryLoadAsync(ListRef list, IReadOnlyList<RecordChange> changes, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[list];
        if (Heads.Row == 0 || !head.Exists || start[list].Key != head.Key)
        {
            return true;
        }

        // :: Step 1: everything but the bodies.
        var unknown = new HashSet<RecordKey>();
        foreach (var change in changes)
        {
            var key = new RecordKey(head.Key, change.Id);
            if (!Loaded.ContainsKey(key) && unknown.Add(key))
            {
                Loaded.Add(key, null);
            }
        }

        Load(unknown.Count == 0 ? None : await store.ReadAsync(start.Key, unknown, Projection.Metadata, cancellationToken));

        // :: Step 2: bodies.
        var wanted = new HashSet<RecordKey>();
        foreach (var change in changes)
        {
            var key = new RecordKey(head.Key, change.Id);
            if ((change.Body is not null && list.Role != ListRole.Uploads) || draft.Overlay.TryGet(head.Key, change.Id, out _)
                || Loaded[key] is not { IsTombstone: false } row || !wanted.Add(key))
            {
                continue;
            }

            memory.Count(row.Length);
            if (row.UnreadLength is null)
            {
                wanted.Remove(key);
            }
            else if (!memory.TryHold(TurnMemory.UserOf(caller), row.Length))
            {
                return false;
            }
        }

        Load(wanted.Count == 0 ? None : await store.ReadAsync(start.Key, wanted, Projection.Whole, cancellationToken));

        // A row that somebody else has written meanwhile has another version. The turn is then discarded with all its answers.
        IsStale |= wanted.Any(key => Loaded[key]?.UnreadLength is not null);
        return !IsStale;
    }
}
