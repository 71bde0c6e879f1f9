using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;
using Lockstep.Storage.Sqlite.Rows;

namespace Lockstep.Storage.Sqlite.Transfer;

/// <summary>A bucket in a read transaction of its own.</summary>
internal sealed class SqliteBucketSnapshot(HeldReader reader, BucketHeads heads) : IBucketSnapshot
{
    public BucketHeads Heads => heads;

    public ValueTask<IReadOnlyList<StoredRecord>> ReadAsync(int list, string after, int limit, long maxBytes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(reader.Read(statements =>
        {
            var rows = new List<StoredRecord>();
            long bytes = 0;
            using var found = statements.Prepare(
                $"SELECT {RecordColumns.Names} FROM records WHERE bucket = $0 AND list = $1 AND id > $2 ORDER BY id LIMIT $3",
                heads.Row, (long)list, after, (long)limit).ExecuteReader();
            while (bytes < maxBytes && found.Read())
            {
                rows.Add(RecordColumns.Read(found));
                bytes += rows[^1].Size;
            }

            return (IReadOnlyList<StoredRecord>)rows;
        }));

    public ValueTask<IReadOnlyList<(GrantKey Key, ServerTimestamp Stamp)>> ReadChangesAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(reader.Read(statements =>
        {
            var rows = new List<(GrantKey, ServerTimestamp)>();
            using var found = statements.Prepare(
                "SELECT list, principal, id, stamp FROM grants WHERE bucket = $0 AND relation = $1 ORDER BY list, principal, id",
                heads.Row, (long)GrantRelation.Changed).ExecuteReader();
            while (found.Read())
            {
                rows.Add((new GrantKey(found.GetInt32(0), GrantRelation.Changed, found.GetString(1), found.GetString(2)), new ServerTimestamp(found.GetInt64(3))));
            }

            return (IReadOnlyList<(GrantKey, ServerTimestamp)>)rows;
        }));

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        return ValueTask.CompletedTask;
    }
}
