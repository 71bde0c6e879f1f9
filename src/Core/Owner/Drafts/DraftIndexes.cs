using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Changes indexes on fields: which exist, and how far each is built.</summary>
/// <param name="draft">The turn's changes.</param>
internal sealed class DraftIndexes(BucketDraft draft)
{
    private readonly List<FieldKeyChange> builtKeys = [];

    /// <summary>Index rows that were built.</summary>
    public IReadOnlyList<FieldKeyChange> BuiltKeys => builtKeys;

    private BucketHeads Heads => draft.Heads;

    /// <summary>Indexes exactly these fields. Existing indexes stay; the records are added to new ones later.</summary>
    /// <param name="list">The list, which must exist.</param>
    /// <param name="paths">The fields, each once.</param>
    public void Declare(ListRef list, IReadOnlyList<string> paths)
    {
        var head = Heads[list];
        if (head.Indexes.Select(static index => index.Path).SequenceEqual(paths, StringComparer.Ordinal))
        {
            return;
        }

        // The index of a list without records is complete.
        draft.SetIndexes(list, [.. paths.Select(path => head.Indexes.FirstOrDefault(index => index.Path == path) ?? NewIndex(path) with { IsWhole = head.Count == 0 })]);
    }

    /// <summary>Restarts those indexes of a list that are out of step with it.</summary>
    public void Restart(ListRef list)
    {
        draft.SetIndexes(list, [.. Heads[list].Indexes.Select(index => index.IsInStep ? index : NewIndex(index.Path))]);

        // A commit needs a stamp; no row gets this one.
        draft.NextStamp(hint: null);
    }

    /// <summary>Adds records to indexes. Readers see no change.</summary>
    /// <param name="list">The list.</param>
    /// <param name="indexes">Those of its indexes to add to, all built equally far.</param>
    /// <param name="records">The next records, in the order of ids.</param>
    /// <param name="more">Whether more records follow.</param>
    public void Build(ListRef list, IReadOnlyList<FieldIndex> indexes, IReadOnlyList<StoredRecord> records, bool more)
    {
        FieldIndexChanges.AddKeys(builtKeys, indexes, records);
        draft.SetIndexes(list, [.. Heads[list].Indexes.Select(index => !indexes.Contains(index) ? index : index with
        {
            BuiltTo = records.Count > 0 ? records[^1].Id : index.BuiltTo,
            Built = index.Built + records.Count,
            IsWhole = !more,
        })]);
        draft.NextStamp(hint: null);
    }

    private FieldIndex NewIndex(string path) => new(draft.TakeKey(), path);
}
