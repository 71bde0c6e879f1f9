using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>The index of one database, read from its rows of buckets and lists.</summary>
/// <param name="get">Returns the database; throws until it could be opened.</param>
internal sealed class PostgresBucketIndex(Func<PostgresDatabase> get) : IBucketIndex
{
    private static readonly string Objects =
        $"""
        SELECT b.id, r.*
        FROM unnest($1) AS k (id)
        CROSS JOIN LATERAL (SELECT * FROM buckets b WHERE b.id = k.id AND b.author = $2 AND b.live OFFSET 0) b
        CROSS JOIN LATERAL (SELECT list FROM lists l WHERE l.bucket = b.bucket AND l.role = 1 AND l.name = '' OFFSET 0) l
        CROSS JOIN LATERAL (SELECT {string.Join(", ", RecordColumns.Names.Split(", ").Select(static name => name is "acl" ? "NULL::bytea AS acl" : name))} FROM records r WHERE r.bucket = b.bucket AND r.list = l.list AND r.id = $3 OFFSET 0) r
        """;

    private static readonly string NamedObjects =
        $"""
        SELECT b.id, r.*
        FROM unnest($1) AS k (id)
        CROSS JOIN LATERAL (SELECT * FROM buckets b WHERE b.id = k.id AND b.live OFFSET 0) b
        CROSS JOIN LATERAL (SELECT list FROM lists l WHERE l.bucket = b.bucket AND l.role = 1 AND l.name = '' OFFSET 0) l
        CROSS JOIN LATERAL (SELECT {string.Join(", ", RecordColumns.Names.Split(", ").Select(static name => name is "acl" ? "NULL::bytea AS acl" : name))} FROM records r WHERE r.bucket = b.bucket AND r.list = l.list AND r.id = $3 OFFSET 0) r
        WHERE EXISTS (SELECT FROM grants g WHERE g.bucket = b.bucket AND g.list = l.list AND g.relation = 3 AND g.principal = ANY ($2) AND g.id = $3)
        """;

    // Goes from one list to the next along the index of tombstones, however many each has.
    private const string Tombstones =
        """
        WITH RECURSIVE found AS (
            (SELECT bucket, list, modified FROM records
             WHERE deleted AND (bucket, list) > (coalesce((SELECT bucket FROM buckets WHERE id = $1), 0), $2)
             ORDER BY bucket, list, modified LIMIT 1)
            UNION ALL
            SELECT n.* FROM found f CROSS JOIN LATERAL (
                SELECT bucket, list, modified FROM records
                WHERE deleted AND (bucket, list) > (f.bucket, f.list) ORDER BY bucket, list, modified LIMIT 1) n
        )
        SELECT b.id, f.list, l.role, l.name, f.modified
        FROM (SELECT * FROM found LIMIT $3) f
        CROSS JOIN LATERAL (SELECT id FROM buckets b WHERE b.bucket = f.bucket OFFSET 0) b
        LEFT JOIN LATERAL (SELECT role, name FROM lists l WHERE l.bucket = f.bucket AND l.list = f.list OFFSET 0) l ON true
        ORDER BY f.bucket, f.list
        """;

    public async ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) => await get().UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            var statement = new BucketScanStatement(batch, scan);
            statement.List();
            return await statement.ReadListAsync();
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) => await get().UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            var statement = new BucketScanStatement(batch, scan);
            statement.Count();
            return await statement.ReadCountAsync();
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken) => (await ReadAsync(
        """
        SELECT coalesce(sum(l.bytes), 0)::bigint, coalesce(sum(l.count) FILTER (WHERE l.role = 0), 0)::bigint
        FROM buckets b JOIN lists l ON l.bucket = b.bucket AND (l.role < 4 OR l.role = 10)
        WHERE b.author = $1 AND b.live AND b.kind = 1
        """,
        parameters => parameters.AddText(author),
        static reader => new QuotaAmount(reader.GetInt64(0), reader.GetInt64(1)),
        cancellationToken))[0];

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => (await ReadAsync(
        Objects,
        parameters =>
        {
            parameters.AddText([.. ids], static id => id.Value);
            parameters.AddText(author);
            parameters.AddText(ObjectRef.Bucket.Id);
        },
        static reader => (Id: BucketId.Parse(reader.GetString(0)), Record: RecordColumns.Read(reader, 1)),
        cancellationToken)).ToDictionary(static row => row.Id, static row => row.Record with { Id = row.Id.Name });

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => (await ReadAsync(
        NamedObjects,
        parameters =>
        {
            parameters.AddText([.. ids], static id => id.Value);
            parameters.AddText([.. principals.Where(ScanStatement.IsText)], static principal => principal);
            parameters.AddText(ObjectRef.Bucket.Id);
        },
        static reader => (Id: BucketId.Parse(reader.GetString(0)), Record: RecordColumns.Read(reader, 1)),
        cancellationToken)).ToDictionary(static row => row.Id, static row => row.Record with { Id = row.Id.Name });

    public ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class => get().UseAsync<IReadOnlyList<T>>(
        async connection =>
        {
            await using var command = new NpgsqlCommand(Named, connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.AddText([.. scan.Principals.Where(ScanStatement.IsText)], static principal => principal);
            parameters.Add(scan.Relation == GrantRelation.Named ? new[] { (short)GrantRelation.Named, (short)GrantRelation.NamedWidely } : [(short)scan.Relation]);
            parameters.Add(10L * scan.Limit);
            parameters.Add(scan.Doubtful is null);
            parameters.AddText([.. (scan.Doubtful ?? []).Where(ScanStatement.IsText)], static principal => principal);
            parameters.Add(scan.MaxBytes);
            await using var reader = await command.ExecuteReaderAsync();
            var found = new List<T>();
            for (var bytes = 0L; found.Count < scan.Limit && bytes < scan.MaxBytes && await reader.ReadAsync();)
            {
                var named = new NamedObject(
                    BucketId.Parse(reader.GetString(0)),
                    new ObjectRef(new ListRef((ListRole)reader.GetInt16(1), reader.GetString(2)), reader.GetString(3)),
                    new ServerTimestamp(reader.GetInt64(4)),
                    reader.IsDBNull(5) ? default(ReadOnlyMemory<byte>?) : reader.GetFieldValue<byte[]>(5))
                {
                    Bytes = reader.GetInt64(6),
                    Principal = reader.GetString(7),
                };
                bytes += named.Acl?.Length ?? 0;
                if (select(named) is { } selected)
                {
                    found.Add(selected);
                }
            }

            return found;
        },
        repeatable: true,
        cancellationToken);

    // The limit counts rows that exist, not the remains of a deleted bucket. Rows beyond the bytes are not sent, because a reader that stops must still
    // receive everything that was sent.
    internal const string Named =
        """
        SELECT bucket, role, list, id, modified, acl, bytes, principal
        FROM (
            SELECT *, coalesce(sum(octet_length(acl)) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
            FROM (
                SELECT b.id AS bucket, l.role, l.name AS list, r.id, r.modified, CASE WHEN $4 OR g.principal = ANY ($5) THEN r.acl END AS acl,
                    (octet_length(r.body) + coalesce(octet_length(r.acl), 0))::bigint AS bytes, g.principal
                FROM grants g
                CROSS JOIN LATERAL (SELECT id FROM buckets b WHERE b.bucket = g.bucket AND b.live OFFSET 0) b
                CROSS JOIN LATERAL (SELECT role, name FROM lists l WHERE l.bucket = g.bucket AND l.list = g.list OFFSET 0) l
                CROSS JOIN LATERAL (
                    SELECT id, modified, acl, body FROM records r WHERE r.bucket = g.bucket AND r.list = g.list AND r.id = g.id AND NOT r.deleted OFFSET 0) r
                WHERE g.principal = ANY ($1) AND g.relation = ANY ($2)
                LIMIT $3) n) n
        WHERE bytes_before < $6
        """;

    public async ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken) => await ReadAsync(
        """
        SELECT b.id, g.list, g.principal, g.id, g.stamp
        FROM grants g
        CROSS JOIN LATERAL (SELECT id FROM buckets b WHERE b.bucket = g.bucket AND b.live OFFSET 0) b
        CROSS JOIN LATERAL (SELECT FROM lists l WHERE l.bucket = g.bucket AND l.role = 3 AND l.name = '' AND l.list = g.list OFFSET 0) l
        WHERE g.principal = ANY ($1) AND g.relation = 1
        LIMIT $2
        """,
        parameters =>
        {
            parameters.AddText([.. principals.Where(ScanStatement.IsText)], static principal => principal);
            parameters.Add((long)limit);
        },
        static reader => new Grant(
            BucketId.Parse(reader.GetString(0)), new GrantKey(reader.GetInt32(1), GrantRelation.Member, reader.GetString(2), reader.GetString(3)), new ServerTimestamp(reader.GetInt64(4))),
        cancellationToken);

    public async ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
        await ReadAsync(
            "SELECT id FROM buckets WHERE live AND id > $1 ORDER BY id LIMIT $2",
            parameters =>
            {
                parameters.AddText(after?.Value ?? "");
                parameters.Add((long)limit);
            },
            static reader => BucketId.Parse(reader.GetString(0)),
            cancellationToken);

    public async ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken) =>
        await ReadAsync(
            Tombstones,
            parameters =>
            {
                parameters.AddText(after?.Bucket.Value);
                parameters.Add(after?.Key ?? 0);
                parameters.Add((long)limit);
            },
            static reader => new TombstoneEntry(
                BucketId.Parse(reader.GetString(0)),
                reader.GetInt32(1),
                reader.IsDBNull(2) ? null : new ListRef((ListRole)reader.GetInt16(2), reader.GetString(3)),
                new ServerTimestamp(reader.GetInt64(4))),
            cancellationToken);

    public async ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken) =>
        await ReadAsync(
            """
            SELECT b.id, l.role, l.name, l.next_expiry
            FROM (SELECT * FROM lists WHERE next_expiry > $1 AND next_expiry <= $2 ORDER BY next_expiry LIMIT $3) l
            CROSS JOIN LATERAL (SELECT id FROM buckets b WHERE b.bucket = l.bucket OFFSET 0) b
            ORDER BY l.next_expiry
            """,
            parameters =>
            {
                parameters.Add(after.Milliseconds);
                parameters.Add(by.Milliseconds);
                parameters.Add((long)limit);
            },
            static reader => new ExpiryEntry(
                BucketId.Parse(reader.GetString(0)), new ListRef((ListRole)reader.GetInt16(1), reader.GetString(2)), new ServerTimestamp(reader.GetInt64(3))),
            cancellationToken);

    private async ValueTask<List<T>> ReadAsync<T>(
        string sql, Action<ParameterList> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) => await get().UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<T>();
            while (await reader.ReadAsync())
            {
                rows.Add(read(reader));
            }

            return rows;
        },
        repeatable: true,
        cancellationToken);
}
