using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>Housekeeping of one database.</summary>
/// <param name="find">Returns the database; null until it could be opened.</param>
internal sealed class PostgresMaintenance(Func<PostgresDatabase?> find) : IStoreMaintenance
{
    // Indexes on fields that are checked together for whether their lists still exist.
    private const long IndexesAtOnce = 500;

    // The index that was checked last.
    private (long Bucket, int Field) looked;

    /// <inheritdoc/>
    /// <remarks>Also removes the remains of processes that have not been heard of for an hour.</remarks>
    public ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken) => Get().UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM processes WHERE renewed < clock_timestamp() - interval '1 hour'"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM takeovers t WHERE NOT EXISTS (SELECT FROM processes p WHERE p.process = t.process)"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM writers w WHERE NOT EXISTS (SELECT FROM processes p WHERE p.process = w.process)"));

            // List 0 records whose standing changed in a deleted bucket. Its readers start again anyway. But other buckets read the changes
            // that concerned everyone, since groups of the deleted bucket let people into them.
            // One list a step, and not the one that another process works on.
            var step = new NpgsqlBatchCommand(
                """
                WITH orphan AS MATERIALIZED (SELECT bucket, list FROM orphans ORDER BY bucket, list LIMIT 1 FOR UPDATE SKIP LOCKED),
                     gone AS (DELETE FROM records WHERE ctid = ANY (ARRAY(
                         SELECT r.ctid FROM orphan o CROSS JOIN LATERAL (
                             SELECT ctid FROM records r WHERE r.bucket = o.bucket AND r.list = o.list LIMIT $1) r)) RETURNING 1),
                     ungranted AS (DELETE FROM grants WHERE ctid = ANY (ARRAY(
                         SELECT g.ctid FROM orphan o CROSS JOIN LATERAL (
                             SELECT g.ctid FROM grants g WHERE g.bucket = o.bucket AND g.list = o.list AND (o.list <> 0
                                 OR (g.principal <> 'system.Everyone' AND g.stamp <= (SELECT base FROM buckets b WHERE b.bucket = o.bucket))) LIMIT $1) g
                         WHERE (SELECT count(*) FROM gone) < $1)) RETURNING 1),
                     ended AS (DELETE FROM orphans o USING orphan e WHERE o.bucket = e.bucket AND o.list = e.list
                         AND (SELECT count(*) FROM gone) < $1 AND (SELECT count(*) FROM ungranted) < $1)
                SELECT count(*) FROM orphan
                """);
            new ParameterList(step.Parameters).Add((long)limit);
            batch.BatchCommands.Add(step);
            return (long)(await batch.ExecuteScalarAsync())! > 0 || await RemoveIndexAsync(connection, limit) || await DropLostIndexesAsync(connection);
        },
        repeatable: true,
        cancellationToken);

    /// <summary>
    /// Marks indexes as dropped if their lists are gone, since a program that does not know indexes leaves them behind. Each call checks some of the indexes, and
    /// later calls the next ones.
    /// </summary>
    private async Task<bool> DropLostIndexesAsync(NpgsqlConnection connection)
    {
        await using var step = new NpgsqlCommand(
            """
            WITH seen AS MATERIALIZED (
                     SELECT bucket, field, list FROM field_indexes WHERE (bucket, field) > ($1, $2) AND path IS NOT NULL ORDER BY bucket, field LIMIT $3),
                 lost AS (UPDATE field_indexes f SET path = NULL FROM seen s
                     WHERE f.bucket = s.bucket AND f.field = s.field AND NOT EXISTS (SELECT FROM lists l WHERE l.bucket = s.bucket AND l.list = s.list) RETURNING 1)
            SELECT bucket, field, (SELECT count(*) FROM seen), (SELECT count(*) FROM lost) FROM seen ORDER BY bucket DESC, field DESC LIMIT 1
            """, connection);
        var parameters = new ParameterList(step.Parameters);
        parameters.Add(looked.Bucket);
        parameters.Add(looked.Field);
        parameters.Add(IndexesAtOnce);
        await using var reader = await step.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            looked = default;
            return false;
        }

        looked = reader.GetInt64(2) < IndexesAtOnce ? default : (reader.GetInt64(0), reader.GetInt32(1));
        return reader.GetInt64(3) > 0;
    }

    /// <summary>Removes rows of a dropped index on a field.</summary>
    private static async Task<bool> RemoveIndexAsync(NpgsqlConnection connection, int limit)
    {
        await using var step = new NpgsqlCommand(
            """
            WITH old AS MATERIALIZED (
                     SELECT bucket, field FROM field_indexes WHERE path IS NULL ORDER BY bucket, field LIMIT 1 FOR UPDATE SKIP LOCKED),
                 gone AS (DELETE FROM field_keys WHERE ctid = ANY (ARRAY(
                     SELECT k.ctid FROM old o CROSS JOIN LATERAL (
                         SELECT ctid FROM field_keys k WHERE k.bucket = o.bucket AND k.field = o.field LIMIT $1) k)) RETURNING 1),
                 ended AS (DELETE FROM field_indexes f USING old o WHERE f.bucket = o.bucket AND f.field = o.field AND (SELECT count(*) FROM gone) < $1)
            SELECT count(*) FROM old
            """, connection);
        new ParameterList(step.Parameters).Add((long)limit);
        return (long)(await step.ExecuteScalarAsync())! > 0;
    }

    public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(find() is { Lease.IsHealthy: true });

    private PostgresDatabase Get() => find() ?? throw new StoreUnavailableException("The database could not be opened yet.");
}
