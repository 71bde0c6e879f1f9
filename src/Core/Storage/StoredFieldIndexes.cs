using System.Text.Json;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A bucket's indexes as a store reads them: JSON, so that they come with the bucket's row and cost a bucket without any nothing else.</summary>
public static class StoredFieldIndexes
{
    /// <param name="json">
    /// An array with one for each index: key of its list, its own, path, the list's stamp that it was last in step with, as far as it is built, records, and 1 where it is whole.
    /// Null for none.
    /// </param>
    public static IReadOnlyList<FieldIndexChange> Read(string? json)
    {
        if (json is null or "[]")
        {
            return [];
        }

        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(static row => new FieldIndexChange(
            row[0].GetInt32(),
            new FieldIndex(row[1].GetInt32(), row[2].GetString()!) { BuiltTo = row[4].GetString()!, Built = row[5].GetInt64(), IsWhole = row[6].GetInt32() == 1 },
            new ServerTimestamp(row[3].GetInt64())))];
    }

    /// <summary>The head with its indexes, and whether they are in step with it.</summary>
    public static ListHead Attach(ListHead head, IReadOnlyList<FieldIndexChange> indexes) => indexes.Count == 0 || !head.Exists ? head : head with
    {
        Indexes = [.. indexes.Where(index => index.List == head.Key).Select(index => index.Index with { IsInStep = index.Touched == head.Touched })],
    };
}
