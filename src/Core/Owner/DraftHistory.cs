using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// The history of one turn's changes: ordinary rows in lists of their own, in the same commit. Invariants:
/// <list type="number">
/// <item>Each change of the bucket's object, or of an object in it, that the protocol keeps makes one entry with the change's stamp. No two
/// changes share a stamp, so the entry's id follows from it.</item>
/// <item>Before a record changes, its state is saved. The store copies it; only states that this very turn has written are sent.</item>
/// <item>A collection's earlier states have no gap after their list's <see cref="ListHead.Horizon"/>. As long as their list was touched
/// together with the records' list, every change has saved a state. A change that saved none, by a program without history or with history
/// turned off, shows there and moves the horizon.</item>
/// </list>
/// </summary>
/// <param name="form">The protocol's form of history.</param>
/// <param name="draft">The turn's changes.</param>
internal sealed class DraftHistory(IHistoryForm form, BucketDraft draft)
{
    // Entries of objects that name more principals are for the bucket's readers only: each name would be a row of the index of principals.
    private const int MaxReaders = 100;

    private readonly HistorySwitch choice = new(form, draft);
    private readonly List<RowCopy> copies = [];
    private readonly HashSet<RecordKey> trimmed = [];
    private readonly HashSet<ListRef> written = [];
    private long bytes;

    /// <summary>The author of the next changes.</summary>
    public Caller Caller { get; set; }

    /// <summary>Earlier states that the store copies.</summary>
    public IReadOnlyList<RowCopy> Copies => copies;

    /// <summary>Rows that were removed.</summary>
    public IReadOnlyCollection<RecordKey> Trimmed => trimmed;

    /// <summary>Rows to delete for good: the removed ones, except those that went with their list or were written again.</summary>
    public IReadOnlyList<RecordKey> Removed(IReadOnlySet<int> orphaned) =>
        [.. trimmed.Where(key => !orphaned.Contains(key.List) && !draft.Overlay.TryGet(key.List, key.Id, out _))];

    /// <summary>Lists that the turn has added to.</summary>
    public IReadOnlyCollection<ListRef> Written => written;

    private string? User => Caller.Principals.User;

    /// <summary>Why a bucket or a collection may not set its history in this way.</summary>
    /// <param name="target">The object to be written.</param>
    /// <param name="data">Its data.</param>
    /// <returns>Null if it may.</returns>
    public Refused? Refuse(ObjectRef target, ReadOnlyMemory<byte> data) =>
        form.LetsChoose && target.List.Role is ListRole.Self or ListRole.Collections ? form.Read(data).Refusal : null;

    /// <inheritdoc cref="HistorySwitch.Say"/>
    public void Say(ObjectRef target, ReadOnlyMemory<byte> data) => choice.Say(target, data);

    /// <summary>Bytes of entries and states since the last call.</summary>
    public long TakeBytes()
    {
        var taken = bytes;
        bytes = 0;
        return taken;
    }

    /// <summary>A collection is created: from here on all states of its records are known.</summary>
    public void Begin(string collection)
    {
        var (former, records) = (ListRef.FormerOf(collection), draft.Heads[ListRef.RecordsOf(collection)]);
        var target = ObjectRef.Collection(collection);
        if (choice.IsOn(target) && form.Keeps(draft.Heads.Id, target, User))
        {
            draft.EndList(former);
            draft.EnsureList(former);
            draft.SetList(draft.Heads[former] with { RowsModified = records.Touched, Touched = records.Touched, Horizon = ServerTimestamp.Zero });
        }
    }

    /// <summary>Saves the state of a record before it changes.</summary>
    /// <param name="target">The record; other objects have no saved states.</param>
    /// <param name="until">The change's stamp.</param>
    /// <param name="previous">The current row; null or a tombstone if the record does not exist.</param>
    public void Keep(ObjectRef target, ServerTimestamp until, StoredRecord? previous)
    {
        if (target.List.Role != ListRole.Records || !choice.IsOn(target) || !form.Keeps(draft.Heads.Id, target, User))
        {
            return;
        }

        // :: Step 1: whether everything before is known.
        var (list, records) = (ListRef.FormerOf(target.List.Name), draft.Heads[target.List]);
        var isWhole = draft.Heads[list] is { Exists: true } known && known.Touched == records.Touched;
        draft.EnsureList(list);
        var former = draft.Heads[list];

        // :: Step 2: the state.
        var live = previous is { IsTombstone: false } ? previous : null;
        var id = FormerState.IdOf(target.Id, until, live?.Modified ?? ServerTimestamp.Zero);
        if (live is null)
        {
            draft.Overlay.Set(former.Key, new StoredRecord { Id = id, Modified = until });
        }
        else if (draft.Overlay.TryGet(records.Key, target.Id, out var row))
        {
            draft.Overlay.Set(former.Key, new StoredRecord { Id = id, Modified = until, Body = row.Body, Author = row.Author });
            bytes += row.Length;
        }
        else
        {
            copies.Add(new RowCopy(new RecordKey(records.Key, target.Id), new RecordKey(former.Key, id), until));
        }

        draft.SetList(former with
        {
            RowsModified = until,
            Touched = until,
            Horizon = isWhole ? former.Horizon : records.Touched,
            Count = former.Count + 1,
            Bytes = former.Bytes + (live?.Length ?? 0),
        });
        written.Add(list);
    }

    /// <summary>Adds an entry for a change that has been made.</summary>
    public void Tell(ObjectRef target, HistoryAction action, StoredRecord record)
    {
        if (target.List.Role == ListRole.History || !choice.Tells(target) || !form.Keeps(draft.Heads.Id, target, User))
        {
            return;
        }

        var access = AccessList.Read(ObjectReader.Whole(record, target.List, draft.Heads)) ?? AccessList.Empty;
        var body = form.Write(new HistoryChange(draft.Heads.Id, target, action, record, access, User));
        var readers = ReadersOf(target, record);
        draft.AddEntry(new StoredRecord { Id = $"e{record.Modified}", Modified = record.Modified, Body = body, Author = User, Acl = readers?.ToBytes() });
        bytes += body.Length;
        written.Add(ListRef.History);
    }

    /// <summary>Rows of the index of principals that the entry for an object's deletion writes.</summary>
    public int IndexedBy(ObjectRef target, StoredRecord live) =>
        live.IsTombstone || target.List.Role == ListRole.History || !choice.IsOn(target) || !form.Keeps(draft.Heads.Id, target, User) ? 0 : ReadersOf(target, live)?.Length ?? 0;

    /// <summary>Removes a deleted collection's earlier states.</summary>
    public void End(string collection) => draft.EndList(ListRef.FormerOf(collection));

    /// <summary>Entries were deleted: the states that they tell of must not stay readable in another way.</summary>
    public void Forget()
    {
        foreach (var list in draft.Heads.Lists.Keys.Where(static list => list.Role is ListRole.Former or ListRole.HistoryOf).ToList())
        {
            draft.EndList(list);
        }
    }

    /// <summary>Removes rows for good.</summary>
    /// <param name="list">Their list.</param>
    /// <param name="rows">Its oldest rows, in the order of their stamps; at least one.</param>
    public void Trim(ListRef list, IReadOnlyList<StoredRecord> rows)
    {
        var head = draft.Heads[list];
        foreach (var row in rows)
        {
            trimmed.Add(new RecordKey(head.Key, row.Id));
            draft.Access.Unname(new ObjectRef(list, row.Id), row);
        }

        draft.SetList(head with
        {
            // A client that polls the entries gets those that remain. Records before the last removed state are no longer known.
            Horizon = list.Role == ListRole.Former ? ServerTimestamp.Max(head.Horizon, rows[^1].Modified) : head.Horizon,
            Count = head.Count - rows.Count,
            Bytes = head.Bytes - rows.Sum(static row => (long)row.Length),
        });
    }

    /// <summary>The readers of an entry who do not see the whole bucket: those who could see the object at that time.</summary>
    private AccessList? ReadersOf(ObjectRef target, StoredRecord record) =>
        target.List.Role == ListRole.Self ? null : ReadersOf(target.List.Role == ListRole.Records ? draft.Heads[target.List].Acl : null, record);

    /// <summary>The readers of an entry about a record.</summary>
    /// <param name="collection">The permissions of its collection.</param>
    /// <param name="record">The record.</param>
    /// <returns>Null if the entry names nobody.</returns>
    public static AccessList? ReadersOf(AccessList? collection, StoredRecord record)
    {
        var own = AccessList.Read(record.Acl);
        if (own is null && collection is null)
        {
            return null;
        }

        var readers = AccessList.Empty.With(Right.Read, [.. Of(own), .. Of(collection)]);
        return readers.NamesNobody || readers.Length > MaxReaders ? null : readers;

        static IEnumerable<string> Of(AccessList? list) => list is null ? [] : list[Right.Read].Concat(list[Right.Write]);
    }
}
