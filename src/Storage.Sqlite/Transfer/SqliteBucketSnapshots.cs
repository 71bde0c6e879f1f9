using Lockstep.Core.Buckets;
using Lockstep.Core.Transfer;

namespace Lockstep.Storage.Sqlite.Transfer;

/// <summary>Whole buckets of a SQLite file, each in a transaction of its own that holds up no writer.</summary>
public sealed class SqliteBucketSnapshots(SqliteDatabase database) : IBucketSnapshots
{
    public ValueTask<long> CountAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(static statements => (long)statements.Scalar("SELECT count(*) FROM buckets")!));

    public ValueTask<IReadOnlyList<BucketId>> ListNamedAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var ids = new List<BucketId>();
            using var reader = statements.Prepare(
                "SELECT id FROM buckets WHERE id > $0 AND id < 'b;' ORDER BY id LIMIT $1", after?.Value ?? "b:", (long)limit).ExecuteReader();
            while (reader.Read())
            {
                ids.Add(BucketId.Parse(reader.GetString(0)));
            }

            return (IReadOnlyList<BucketId>)ids;
        }));

    public ValueTask<IReadOnlyList<(string Author, BucketId Bucket)>> ListForeignAsync(string after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var found = new List<(string, BucketId)>();
            using var reader = statements.Prepare(
                """
                SELECT author, id FROM buckets
                WHERE author > $0 AND live = 1 AND id >= 'u:' AND id < 'u;' AND author NOT LIKE 'account:%' AND author <> 'importing' ORDER BY author LIMIT $1
                """, after, (long)limit).ExecuteReader();
            while (reader.Read())
            {
                found.Add((reader.GetString(0), BucketId.Parse(reader.GetString(1))));
            }

            return (IReadOnlyList<(string, BucketId)>)found;
        }));

    public ValueTask<IBucketSnapshot?> OpenAsync(BucketId bucket, CancellationToken cancellationToken)
    {
        var reader = database.OpenReader();
        try
        {
            reader.Read(static statements => statements.Execute("BEGIN"));
            if (reader.Read(statements => SqliteBucketStore.Load(statements, bucket)) is { Version: > 0 } heads)
            {
                return ValueTask.FromResult<IBucketSnapshot?>(new SqliteBucketSnapshot(reader, heads));
            }

            reader.Dispose();
            return ValueTask.FromResult<IBucketSnapshot?>(null);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }
}
