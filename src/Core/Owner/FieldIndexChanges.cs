using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// What a turn's commit writes to indexes on fields. Invariants:
/// <list type="number">
/// <item>An index that is in step with its list at the start is in step with it after the commit: each record that changed is in it as it is then, and it has
/// the list's stamp.</item>
/// <item>One that is not in step is left as it is, until it is made anew.</item>
/// </list>
/// </summary>
internal static class FieldIndexChanges
{
    /// <param name="start">The bucket before the turn.</param>
    /// <param name="heads">The bucket after it.</param>
    /// <param name="lists">The lists that have changed, or are gone.</param>
    /// <param name="overlay">The rows that have changed.</param>
    /// <param name="built">Rows of indexes that the turn has built.</param>
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

        // What has changed since is newer than what was built.
        keys.AddRange(built.Where(row => kept.TryGetValue(row.Index, out var list) && !overlay.TryGet(list, row.Id, out _)));
        return (indexes, keys);
    }

    /// <summary>Adds the records' rows of those indexes that are in step.</summary>
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
