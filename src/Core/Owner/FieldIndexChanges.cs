using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// The changes to indexes on fields in a turn's commit. Invariants:
/// <list type="number">
/// <item>An index in step with its list before the turn is in step after the commit: it has each changed record in its new state, and
/// the list's stamp.</item>
/// <item>An index out of step stays as it is until it is rebuilt.</item>
/// </list>
/// </summary>
internal static class FieldIndexChanges
{
    /// <param name="start">The bucket before the turn.</param>
    /// <param name="heads">The bucket after it.</param>
    /// <param name="lists">The lists that were changed or deleted.</param>
    /// <param name="overlay">The changed rows.</param>
    /// <param name="built">Index rows that the turn has built.</param>
    public static (IReadOnlyList<FieldIndexChange> Indexes, IReadOnlyList<FieldKeyChange> Keys) Of(
        BucketHeads start, BucketHeads heads, IEnumerable<ListRef> lists, Overlay overlay, IReadOnlyList<FieldKeyChange> built)
    {
        var (indexes, keys, kept) = (new List<FieldIndexChange>(), new List<FieldKeyChange>(), new Dictionary<int, int>());
        foreach (var list in lists)
        {
            var (before, after) = (start[list], heads[list]);
            indexes.AddRange(before.Indexes.Where(index => after.Indexes.All(other => other.Key != index.Key)).Select(index => new FieldIndexChange(before.Key, index, Touched: null)));
            foreach (var index in after.Indexes.Where(static index => index.IsInStep))
            {
                kept[index.Key] = after.Key;
                indexes.Add(new FieldIndexChange(after.Key, index, after.Touched));
            }

            AddKeys(keys, after.Indexes, overlay.RowsOf(after.Key)?.Values ?? []);
        }

        // A later change is newer than the built row.
        keys.AddRange(built.Where(row => kept.TryGetValue(row.Index, out var list) && !overlay.TryGet(list, row.Id, out _)));
        return (indexes, keys);
    }

    /// <summary>Adds the records' rows for those indexes that are in step.</summary>
    public static void AddKeys(List<FieldKeyChange> keys, IReadOnlyList<FieldIndex> indexes, IEnumerable<StoredRecord> records)
    {
        var writers = indexes.Where(static index => index.IsInStep).Select(static index => (index.Key, Writer: new FieldKeyWriter(index.Path))).ToList();
        if (writers.Count == 0)
        {
            return;
        }

        foreach (var record in records)
        {
            using var document = record.IsTombstone ? null : JsonText.ParseAgain(record.Body);
            foreach (var (index, writer) in writers)
            {
                keys.Add(new FieldKeyChange(index, record.Id, record.Modified, document is null ? null : (ReadOnlyMemory<byte>?)writer.Of(document.RootElement)));
            }
        }
    }
}
