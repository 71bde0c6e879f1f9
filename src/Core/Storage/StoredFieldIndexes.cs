using System.Text.Json;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A bucket's indexes as a store reads them: JSON, so that they come with the bucket's row, and a bucket without indexes pays nothing.</summary>
public static class StoredFieldIndexes
{
    /// <summary>The heads with their indexes, and whether these are in step with their lists. The cost depends on the number of both.</summary>
    /// <param name="heads">A bucket and all its lists.</param>
    /// <param name="json">
    /// An array with one entry for each index: the key of its list, its own key, its path, the stamp of the list with which it was last in step, the id up to which it is built, records, and 1 if it is complete.
    /// Null for none.
    /// </param>
    public static BucketHeads Attach(BucketHeads heads, string? json)
    {
        if (json is null or "[]")
        {
            return heads;
        }

        using var document = JsonDocument.Parse(json);
        var indexes = document.RootElement.EnumerateArray().ToLookup(static row => row[0].GetInt32(), static row => (
            Index: new FieldIndex(row[1].GetInt32(), row[2].GetString()!) { BuiltTo = row[4].GetString()!, Built = row[5].GetInt64(), IsWhole = row[6].GetInt32() == 1 },
            Touched: new ServerTimestamp(row[3].GetInt64())));
        var lists = heads.Lists.Values.Where(head => head.Exists && indexes.Contains(head.Key)).Select(head => KeyValuePair.Create(head.List, head with
        {
            Indexes = [.. indexes[head.Key].Select(row => row.Index with { IsInStep = row.Touched == head.Touched })],
        }));
        return (heads with { Lists = heads.Lists.SetItems(lists) }).WithIndexState();
    }
}
