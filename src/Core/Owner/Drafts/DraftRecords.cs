using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Changes records of a bucket without objects of its own: merges, uploads and expiry.</summary>
/// <remarks>Sync 1.1 and 1.5.</remarks>
/// <param name="draft">The turn's changes.</param>
internal sealed class DraftRecords(BucketDraft draft)
{
    private BucketHeads Heads => draft.Heads;

    /// <summary>Creates or changes a record of a list that was touched.</summary>
    /// <param name="list">The list.</param>
    /// <param name="change">The change.</param>
    /// <param name="previous">The store's row, even if it has expired; with its body if the change has none.</param>
    /// <param name="live">The same row, or null if it has expired.</param>
    /// <param name="restamps">Whether the record always gets the write's stamp.</param>
    public void Merge(ListRef list, RecordChange change, StoredRecord? previous, StoredRecord? live, bool restamps)
    {
        if (change.Body is null && live?.UnreadLength is not null)
        {
            throw new InvalidOperationException("The body that is to stay was not read.");
        }

        var stamp = draft.NextStamp(hint: null);
        var record = new StoredRecord
        {
            Id = change.Id,
            Modified = restamps || live is null || change.Body is not null || change.SortIndex is not null ? stamp : live.Modified,
            Body = change.Body ?? live?.Body ?? default,
            SortIndex = change.SortIndex ?? live?.SortIndex,
            Expiry = change.Lifetime is { } seconds ? stamp.Plus(seconds * 1000L) : live?.Expiry,
        };
        draft.Put(list, record, previous, stamp);
    }

    /// <summary>Removes expired records. Readers see no change.</summary>
    /// <param name="list">Their list.</param>
    /// <param name="expired">The records.</param>
    /// <param name="next">When the next one expires; null for never.</param>
    public void Expire(ListRef list, IReadOnlyList<StoredRecord> expired, ServerTimestamp? next)
    {
        var head = Heads[list];
        foreach (var record in expired)
        {
            draft.Overlay.Set(head.Key, StoredRecord.Tombstone(record.Id, record.Modified, record.Author));
        }

        // A commit needs a stamp; no reader sees this one.
        draft.NextStamp(hint: null);
        draft.SetList(head with
        {
            Count = head.Count - expired.Count,
            Bytes = head.Bytes - expired.Sum(static record => (long)record.Length),
            NextExpiry = next,
        });
    }

    /// <summary>Begins an upload, which may take as long as <paramref name="lifetime"/>.</summary>
    public void OpenUpload(ListRef upload, TimeSpan lifetime)
    {
        draft.EnsureList(upload);
        var stamp = draft.NextStamp(hint: null);
        draft.SetList(Heads[upload] with { Touched = stamp, NextExpiry = stamp.Plus((long)lifetime.TotalMilliseconds) });
    }

    /// <summary>Adds a change to an upload.</summary>
    public void Stage(ListRef upload, RecordChange change, StoredRecord? staged)
    {
        var stamp = draft.NextStamp(hint: null);
        draft.Put(upload, StagedChange.ToRow(change, staged, stamp, Heads[upload].NextExpiry!.Value), staged, stamp);
    }

    /// <summary>Removes an upload; its rows are removed later.</summary>
    public void EndUpload(ListRef upload)
    {
        // A commit needs a stamp; no reader sees this one.
        draft.NextStamp(hint: null);
        draft.EndList(upload);
    }

    /// <summary>The uploads to a collection, or all uploads.</summary>
    public IEnumerable<ListHead> UploadsTo(string? collection) => Heads.Lists.Values.Where(head =>
        head.List.Role == ListRole.Uploads && (collection is null || head.List.Name.StartsWith(collection + "/", StringComparison.Ordinal)));
}
