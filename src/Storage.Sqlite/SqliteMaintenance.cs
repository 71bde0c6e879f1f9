using Lockstep.Core.Storage;

namespace Lockstep.Storage.Sqlite;

/// <summary>Housekeeping of a SQLite file.</summary>
public sealed class SqliteMaintenance(SqliteDatabase database) : IStoreMaintenance
{
    // Indexes on fields that are checked together for whether their lists still exist.
    private const long IndexesAtOnce = 500;

    // The index that was checked last.
    private (long Bucket, long Field) looked;

    public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await PurgeOnceAsync(limit) || await DropLostIndexesAsync();
    }

    private ValueTask<bool> PurgeOnceAsync(int limit)
    {
        return database.WriteAsync(statements =>
        {
            var found = false;
            long bucket = 0, list = 0;
            using (var reader = statements.Prepare("SELECT bucket, list FROM orphans LIMIT 1").ExecuteReader())
            {
                if (reader.Read())
                {
                    found = true;
                    (bucket, list) = (reader.GetInt64(0), reader.GetInt64(1));
                }
            }

            if (found && statements.Execute(
                "DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE bucket = $0 AND list = $1 LIMIT $2)", bucket, list, limit) < limit && RemoveGrants(statements, bucket, list, limit) < limit)
            {
                statements.Execute("DELETE FROM orphans WHERE bucket = $0 AND list = $1", bucket, list);
            }

            return found || RemoveIndex(statements, limit);
        });
    }

    /// <summary>
    /// Marks indexes as dropped if their lists are gone, since a program that does not know indexes leaves them behind. The check does not hold up the writer. Each
    /// call checks some of the indexes, and later calls the next ones.
    /// </summary>
    private async ValueTask<bool> DropLostIndexesAsync()
    {
        var (last, lost) = database.Read(statements => FindLostIndexes(statements, looked));
        looked = last;
        return lost.Count > 0 && await database.WriteAsync(statements => lost.Sum(index => statements.Execute(
            "UPDATE field_indexes SET path = NULL WHERE bucket = $0 AND field = $1 AND NOT EXISTS (SELECT 1 FROM lists l WHERE l.bucket = $0 AND l.list = field_indexes.list)",
            index.Bucket, index.Field)) > 0);
    }

    private static ((long Bucket, long Field) Last, List<(long Bucket, long Field)> Lost) FindLostIndexes(SqliteStatements statements, (long Bucket, long Field) after)
    {
        var (last, count, lost) = (after, 0L, new List<(long Bucket, long Field)>());
        using var reader = statements.Prepare(
            """
            SELECT bucket, field, EXISTS (SELECT 1 FROM lists l WHERE l.bucket = f.bucket AND l.list = f.list) FROM field_indexes f
            WHERE (bucket, field) > ($0, $1) AND path IS NOT NULL ORDER BY bucket, field LIMIT $2
            """, after.Bucket, after.Field, IndexesAtOnce).ExecuteReader();
        while (reader.Read())
        {
            (last, count) = ((reader.GetInt64(0), reader.GetInt64(1)), count + 1);
            if (reader.GetInt64(2) == 0)
            {
                lost.Add(last);
            }
        }

        return (count < IndexesAtOnce ? default : last, lost);
    }

    /// <summary>Removes rows of a dropped index on a field.</summary>
    private static bool RemoveIndex(SqliteStatements statements, int limit)
    {
        long bucket, field;
        using (var reader = statements.Prepare(
            "SELECT bucket, field FROM field_indexes INDEXED BY field_indexes_dropped WHERE path IS NULL LIMIT 1").ExecuteReader())
        {
            if (!reader.Read())
            {
                return false;
            }

            (bucket, field) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        if (statements.Execute(
            "DELETE FROM field_keys WHERE bucket = $0 AND field = $1 AND id IN (SELECT id FROM field_keys WHERE bucket = $0 AND field = $1 LIMIT $2)", bucket, field, (long)limit) < limit)
        {
            statements.Execute("DELETE FROM field_indexes WHERE bucket = $0 AND field = $1", bucket, field);
        }

        return true;
    }

    /// <summary>
    /// List 0 records whose standing changed in a deleted bucket. Its readers start again anyway. But other buckets read the changes that concerned
    /// everyone, since groups of the deleted bucket let people into them.
    /// </summary>
    private static int RemoveGrants(SqliteStatements statements, long bucket, long list, int limit) => statements.Execute(
        """
        DELETE FROM grants WHERE (bucket, list, relation, principal, id) IN (
            SELECT bucket, list, relation, principal, id FROM grants
            WHERE bucket = $0 AND list = $1 AND ($1 <> 0 OR (principal <> 'system.Everyone' AND stamp <= (SELECT base FROM buckets WHERE bucket = $0))) LIMIT $2)
        """,
        bucket, list, limit);

    public async ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Makes a real write, though a small one. This detects a file that cannot be written, but not a full disk.
            return await database.WriteAsync(static statements =>
                statements.Execute("INSERT INTO meta VALUES ('heartbeat', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1") == 1);
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }
}
