using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Changes indexes on fields: which there are, and how far each is built.</summary>
/// <param name="draft">The turn's changes.</param>
internal sealed class DraftIndexes(BucketDraft draft)
{
    private readonly List<FieldKeyChange> builtKeys = [];

    /// <summary>Rows of indexes that were built.</summary>
    public IReadOnlyList<FieldKeyChange> BuiltKeys => builtKeys;

    private BucketHeads Heads => draft.Heads;

    /// <summary>Has these fields indexed and no others. What is indexed already stays; of the others the records are put in later.</summary>
    /// <param name="list">The list, which exists.</param>
    /// <param name="paths">The fields, each once.</param>
    public void Declare(ListRef list, IReadOnlyList<string> paths)
    {
        var head = Heads[list];
        if (head.Indexes.Select(static index => index.Path).SequenceEqual(paths, StringComparer.Ordinal))
        {
            return;
        }

        // One of a list without records is whole.
        draft.SetIndexes(list, [.. paths.Select(path => head.Indexes.FirstOrDefault(index => index.Path == path) ?? NewIndex(path) with { IsWhole = head.Count == 0 })]);
    }

    /// <summary>Makes those indexes of a list anew that are not in step with it.</summary>
    public void Restart(ListRef list)
    {
        draft.SetIndexes(list, [.. Heads[list].Indexes.Select(index => index.IsInStep ? index : NewIndex(index.Path))]);

        // A commit needs a stamp; no row gets this one.
        draft.NextStamp(hint: null);
    }

    /// <summary>Puts records into indexes. Nothing that a reader sees changes.</summary>
    /// <param name="list">The list.</param>
    /// <param name="indexes">Which of its indexes, all built as far as one another.</param>
    /// <param name="records">What follows there, in the order of ids.</param>
    /// <param name="more">Whether there is more.</param>
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
