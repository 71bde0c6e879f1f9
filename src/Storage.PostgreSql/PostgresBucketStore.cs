using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>Buckets in a PostgreSQL database, which other processes use too.</summary>
public sealed class PostgresBucketStore(PostgresDatabase database) : IBucketStore
{
    public bool IsShared => true;

    public void OnTakenOver(Action<BucketId> listener) => database.Lease.OnTakenOver(listener);

    public bool IsCurrent(BucketHeads heads) => heads.Lease != 0 && database.Lease.IsCurrent(heads.Lease);

    public async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        await database.Reads.LoadAsync(id, claim).WaitAsync(cancellationToken);

    public async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        await database.Reads.ReadAsync(bucket.Row, keys, projection).WaitAsync(cancellationToken);

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            using var statement = new ScanStatement(connection, scan);
            await using var reader = await statement.Rows().ExecuteReaderAsync(cancellationToken);
            return await statement.ReadAsync(reader, cancellationToken);
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<long> CountAsync(RecordScan scan, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            using var statement = new ScanStatement(connection, scan);
            return (long)(await statement.Count().ExecuteScalarAsync(cancellationToken))!;
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => await database.Commits.CommitAsync(commit);

    public ValueTask<IReadOnlyList<BucketEntry>> ListByAuthorAsync(string author, bool onlyLive, int limit, CancellationToken cancellationToken) =>
        database.UseAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(
                    $"""
                    SELECT b.id, b.live, b.base, r.*
                    FROM buckets b
                    LEFT JOIN LATERAL (SELECT list FROM lists l WHERE l.bucket = b.bucket AND l.role = 1 AND l.name = '' OFFSET 0) l ON true
                    LEFT JOIN LATERAL (
                        SELECT {RecordColumns.Names} FROM records r WHERE r.bucket = b.bucket AND r.list = l.list AND r.id = $2 OFFSET 0) r ON true
                    WHERE b.author = $1 AND (b.live OR NOT $3) ORDER BY b.bucket LIMIT $4
                    """, connection);
                var parameters = new ParameterList(command.Parameters);
                parameters.AddText(author);
                parameters.AddText(ObjectRef.Bucket.Id);
                parameters.Add(onlyLive);
                parameters.Add((long)limit);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                var entries = new List<BucketEntry>();
                while (await reader.ReadAsync(cancellationToken))
                {
                    var id = BucketId.Parse(reader.GetString(0));
                    var record = reader.GetBoolean(1)
                        ? RecordColumns.Read(reader, 3) with { Id = id.Name }
                        : StoredRecord.Tombstone(id.Name, new ServerTimestamp(reader.GetInt64(2)), author);
                    entries.Add(new BucketEntry(id, record));
                }

                return (IReadOnlyList<BucketEntry>)entries;
            },
            repeatable: true,
            cancellationToken);

    public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
        database.UseAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand("SELECT id FROM buckets WHERE live AND id > $1 ORDER BY id LIMIT $2", connection);
                var parameters = new ParameterList(command.Parameters);
                parameters.AddText(after?.Value ?? "");
                parameters.Add((long)limit);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                var ids = new List<BucketId>();
                while (await reader.ReadAsync(cancellationToken))
                {
                    ids.Add(BucketId.Parse(reader.GetString(0)));
                }

                return (IReadOnlyList<BucketId>)ids;
            },
            repeatable: true,
            cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Also removes what processes left behind that have not been heard of for an hour.</remarks>
    public ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM processes WHERE renewed < clock_timestamp() - interval '1 hour'"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM takeovers t WHERE NOT EXISTS (SELECT FROM processes p WHERE p.process = t.process)"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM writers w WHERE NOT EXISTS (SELECT FROM processes p WHERE p.process = w.process)"));

            // One list a step, not the one that another process is at.
            var step = new NpgsqlBatchCommand(
                """
                WITH orphan AS MATERIALIZED (SELECT bucket, list FROM orphans ORDER BY bucket, list LIMIT 1 FOR UPDATE SKIP LOCKED),
                     gone AS (DELETE FROM records WHERE ctid = ANY (ARRAY(
                         SELECT r.ctid FROM orphan o CROSS JOIN LATERAL (
                             SELECT ctid FROM records r WHERE r.bucket = o.bucket AND r.list = o.list LIMIT $1) r)) RETURNING 1),
                     ended AS (DELETE FROM orphans o USING orphan e WHERE o.bucket = e.bucket AND o.list = e.list AND (SELECT count(*) FROM gone) < $1)
                SELECT count(*) FROM orphan
                """);
            new ParameterList(step.Parameters).Add((long)limit);
            batch.BatchCommands.Add(step);
            return (long)(await batch.ExecuteScalarAsync(cancellationToken))! > 0;
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(database.Lease.IsHealthy);
}
