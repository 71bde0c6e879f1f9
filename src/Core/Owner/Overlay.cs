using System.Diagnostics.CodeAnalysis;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Rows that a turn has written but not committed. Everything read inside the turn looks here first.</summary>
internal sealed class Overlay
{
    public static readonly Overlay Empty = new();

    private readonly Dictionary<int, Dictionary<string, StoredRecord>> lists = [];

    /// <summary>The bucket before the turn; null outside of turns.</summary>
    public BucketHeads? Start { get; init; }

    public bool IsEmpty => lists.Count == 0;

    public GrantChanges Grants { get; } = new();

    public bool TryGet(int list, string id, [NotNullWhen(true)] out StoredRecord? record)
    {
        record = null;
        return lists.TryGetValue(list, out var rows) && rows.TryGetValue(id, out record);
    }

    public IReadOnlyDictionary<string, StoredRecord>? RowsOf(int list) => lists.GetValueOrDefault(list);

    /// <exception cref="InvalidOperationException">The record's body was not read.</exception>
    public void Set(int list, StoredRecord record)
    {
        if (record.UnreadLength is not null)
        {
            throw new InvalidOperationException("A record whose body was not read cannot be written.");
        }

        if (!lists.TryGetValue(list, out var rows))
        {
            lists[list] = rows = new Dictionary<string, StoredRecord>(StringComparer.Ordinal);
        }

        rows[record.Id] = record;
    }

    public void Drop(int list) => lists.Remove(list);

    /// <summary>The rows, with the keys of their lists.</summary>
    /// <param name="withTombstones">Whether tombstones are included.</param>
    public IReadOnlyList<KeyValuePair<int, StoredRecord>> ToRows(bool withTombstones)
    {
        var all = new List<KeyValuePair<int, StoredRecord>>();
        foreach (var (list, rows) in lists)
        {
            foreach (var record in rows.Values)
            {
                if (withTombstones || !record.IsTombstone)
                {
                    all.Add(KeyValuePair.Create(list, record));
                }
            }
        }

        return all;
    }

    /// <summary>The keys of deleted records.</summary>
    public IReadOnlyList<RecordKey> Tombstones() =>
        [.. lists.SelectMany(static list => list.Value.Values.Where(static record => record.IsTombstone), static (list, record) => new RecordKey(list.Key, record.Id))];
}
