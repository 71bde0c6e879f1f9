using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Changes which files the records of a collection have: rows of lists that only the owner sees. The bytes of such a list are those of its files.</summary>
/// <param name="draft">The turn's changes.</param>
internal sealed class DraftFiles(BucketDraft draft)
{
    /// <summary>Notes that a record has a file from now on.</summary>
    /// <param name="list">The files of its collection.</param>
    /// <param name="id">The file.</param>
    /// <param name="claim">See <see cref="Attachments.FileClaim"/>.</param>
    /// <param name="bytes">Of the file's content.</param>
    /// <param name="stamp">That of the record's change.</param>
    public void Claim(ListRef list, string id, ReadOnlyMemory<byte> claim, long bytes, ServerTimestamp stamp)
    {
        draft.EnsureList(list);
        var head = draft.Heads[list];
        draft.Overlay.Set(head.Key, new StoredRecord { Id = id, Modified = stamp, Body = claim });
        draft.SetList(head with { RowsModified = stamp, Touched = stamp, Count = head.Count + 1, Bytes = head.Bytes + bytes });
    }

    /// <summary>No record can have a file from now on. Nothing that a reader sees changes.</summary>
    /// <param name="list">The files of its collection.</param>
    /// <param name="id">The file, which has a row.</param>
    /// <param name="bytes">Of its content.</param>
    public void Release(ListRef list, string id, long bytes)
    {
        var (head, stamp) = (draft.Heads[list], draft.NextStamp(hint: null));
        draft.Overlay.Set(head.Key, StoredRecord.Tombstone(id, stamp, author: null));
        draft.SetList(head with { RowsModified = stamp, Touched = stamp, Count = head.Count - 1, Bytes = head.Bytes - bytes });
    }

    /// <summary>Changes nothing, but has it committed, so that it is known that nobody else has changed anything.</summary>
    public void Confirm() => draft.NextStamp(hint: null);
}
