using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// What a turn knows of the rows that it touches: what the store has of them, beneath what the turn has changed. Invariants:
/// <list type="number">
/// <item>A row is what it was at the version that the turn began with; where one shows that somebody else has written since, <see cref="IsStale"/> says so.</item>
/// <item>Of a row that is in memory there are all but the body, and but for what it says of rights where that is long. These are read for who needs them, once
/// there is room for them in <see cref="TurnMemory"/>.</item>
/// <item>What the turn has written itself is never asked of the store.</item>
/// </list>
/// </summary>
/// <param name="start">The bucket as the turn found it.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="reader">Reads what nobody has read ahead.</param>
/// <param name="store">Where the rows lie.</param>
/// <param name="memory">What the turn holds.</param>
internal sealed class TurnRows(BucketHeads start, BucketDraft draft, OperationReader reader, IBucketStore store, TurnMemory memory)
{
    /// <summary>No rows at all.</summary>
    public static readonly IReadOnlyDictionary<RecordKey, StoredRecord> None = new Dictionary<RecordKey, StoredRecord>();

    /// <summary>What was read, and null for what was looked for and is not there.</summary>
    public Dictionary<RecordKey, StoredRecord?> Loaded { get; } = [];

    /// <summary>Somebody else has written meanwhile, and it shows: the turn is to be thrown away.</summary>
    public bool IsStale { get; set; }

    private BucketHeads Heads => draft.Heads;

    /// <summary>What a write looks at before it writes. Reads look for themselves.</summary>
    public static ObjectRef? TargetOf(Operation operation) => operation switch
    {
        PutRecord put => put.Target,
        CreateRecord create => create.Target,
        PatchRecord patch => patch.Target,
        DeleteRecord delete => delete.Target,
        AttachFile attach => attach.Target,
        _ => null,
    };

    /// <summary>The row as the turn has it: the live record, a tombstone, or null.</summary>
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

    /// <summary>Reads what a row says of rights where that is long and was not read yet.</summary>
    /// <returns>False when there is no room for it.</returns>
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

        // What somebody else has written meanwhile is another version: the turn is thrown away, and whatever it answers with it.
        IsStale |= Loaded[key] is not { UnreadAclLength: null } read || read.Modified != row.Modified;
        return !IsStale;
    }

    /// <summary>The record with its body, for what is made of it or an answer that shows it.</summary>
    /// <returns>Null when there is no room for it.</returns>
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

        // The turn is thrown away, and whatever this answers with it.
        IsStale = true;
        return null;
    }

    /// <summary>The row if the record is there: no tombstone, and not expired.</summary>
    public StoredRecord? Live(StoredRecord? row) => row is { IsTombstone: false } && (reader.Objects.AliveAt(Heads) is not { } at || row.IsAlive(at)) ? row : null;

    /// <summary>
    /// Reads what the changes will look at and was not read yet: of records the bodies that are to stay, of an upload's rows all, since they
    /// say in them what they change.
    /// </summary>
    /// <returns>False when there is no room for it.</returns>
    public async ValueTask<bool> TryLoadAsync(ListRef list, IReadOnlyList<RecordChange> changes, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[list];
        if (Heads.Row == 0 || !head.Exists || start[list].Key != head.Key)
        {
            return true;
        }

        // :: Step 1: all but the bodies.
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

        // What somebody else has written meanwhile is another version: the turn is thrown away, and whatever it answers with it.
        IsStale |= wanted.Any(key => Loaded[key]?.UnreadLength is not null);
        return !IsStale;
    }
}
