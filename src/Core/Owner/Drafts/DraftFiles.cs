using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Changes the files of a collection's records: rows of lists that only the owner sees. The bytes of such a list are those of its files.</summary>
/// <param name="draft">The turn's changes.</param>
internal sealed class DraftFiles(BucketDraft draft)
{
    /// <summary>Records that a record has a file from now on.</summary>
    /// <param name="list">The file list of its collection.</param>
    /// <param name="id">The file.</param>
    /// <param name="claim">See <see cref="Attachments.FileClaim"/>.</param>
    /// <param name="bytes">Bytes of the file's content.</param>
    /// <param name="stamp">The stamp of the record's change.</param>
    public void Claim(ListRef list, string id, ReadOnlyMemory<byte> claim, long bytes, ServerTimestamp stamp)
    {
        draft.EnsureList(list);
        var head = draft.Heads[list];
        draft.Overlay.Set(head.Key, new StoredRecord { Id = id, Modified = stamp, Body = claim });
        draft.SetList(head with { RowsModified = stamp, Touched = stamp, Count = head.Count + 1, Bytes = head.Bytes + bytes });
    }

    /// <summary>Releases a file: no record can have it from now on. Readers see no change.</summary>
    /// <param name="list">The file list of its collection.</param>
    /// <param name="id">The file, which must have a row.</param>
    /// <param name="bytes">Bytes of its content.</param>
    public void Release(ListRef list, string id, long bytes)
    {
        var (head, stamp) = (draft.Heads[list], draft.NextStamp(hint: null));
        draft.Overlay.Set(head.Key, StoredRecord.Tombstone(id, stamp, author: null));
        draft.SetList(head with { RowsModified = stamp, Touched = stamp, Count = head.Count - 1, Bytes = head.Bytes - bytes });
    }

    /// <summary>Changes nothing, but forces a commit, which shows that nobody else has changed anything.</summary>
    public void Confirm() => draft.NextStamp(hint: null);
}
