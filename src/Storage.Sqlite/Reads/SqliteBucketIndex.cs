using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Rows;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Reads;

/// <summary>The index of a SQLite file: what its rows of buckets and lists say.</summary>
public sealed class SqliteBucketIndex(SqliteDatabase database) : IBucketIndex
{
    private static readonly string Objects =
        $"""
        SELECT b.id, {string.Join(", ", RecordColumns.Names.Split(", ").Select(static name => name is "acl" ? "NULL" : "r." + name))}
        FROM json_each($0) k
        JOIN buckets b ON b.id = k.value AND b.author = $1 AND b.live = 1
        JOIN lists l ON l.bucket = b.bucket AND l.role = 1 AND l.name = ''
        JOIN records r ON r.bucket = b.bucket AND r.list = l.list AND r.id = $2
        """;

    private static readonly string NamedObjects =
        $"""
        SELECT b.id, {string.Join(", ", RecordColumns.Names.Split(", ").Select(static name => name is "acl" ? "NULL" : "r." + name))}
        FROM json_each($0) k
        JOIN buckets b ON b.id = k.value AND b.live = 1
        JOIN lists l ON l.bucket = b.bucket AND l.role = 1 AND l.name = ''
        JOIN records r ON r.bucket = b.bucket AND r.list = l.list AND r.id = $2
        WHERE EXISTS (SELECT 1 FROM grants g
            WHERE g.bucket = b.bucket AND g.list = l.list AND g.relation = 3 AND g.principal IN (SELECT value FROM json_each($1)) AND g.id = $2)
        """;

    // From one list to the next along the index of tombstones, whatever number each holds.
    private const string Next =
        """
        SELECT r.bucket, b.id, r.list, l.role, l.name, r.modified
        FROM (SELECT bucket, list, modified FROM records INDEXED BY records_dead
              WHERE deleted = 1 AND (bucket, list) > ($0, $1) ORDER BY bucket, list, modified LIMIT 1) r
        JOIN buckets b ON b.bucket = r.bucket
        LEFT JOIN lists l ON l.bucket = r.bucket AND l.list = r.list
        """;

    public ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => statements.InSnapshot(() =>
        {
            var newest = new BucketScanStatement(scan);
            var stamp = new ServerTimestamp((long)statements.Scalar(newest.Newest(), newest.Values)!);
            var list = new BucketScanStatement(scan);
            var entries = new List<BucketEntry>();
            if (list.List() is { } sql)
            {
                using var reader = statements.Prepare(sql, list.Values).ExecuteReader();
                while (reader.Read())
                {
                    entries.Add(new BucketEntry(BucketId.Parse(reader.GetString(0)), new ServerTimestamp(reader.GetInt64(2)), reader.GetInt64(1) == 0, reader.GetInt64(3))
                    {
                        AuthorNumber = reader.IsDBNull(4) ? null : reader.GetInt64(4),
                    });
                }
            }

            return new BucketRows(stamp, [.. entries.Take(scan.Limit)], entries.Count > scan.Limit);
        })));

    public ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var statement = new BucketScanStatement(scan);
            using var reader = statements.Prepare(statement.Count(), statement.Values).ExecuteReader();
            reader.Read();
            return new BucketCount(new ServerTimestamp(reader.GetInt64(0)), reader.GetInt64(1));
        }));

    public async ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken) => (await Read(
        static reader => new QuotaAmount(reader.GetInt64(0), reader.GetInt64(1)),
        """
        SELECT coalesce(sum(l.bytes), 0), coalesce(sum(CASE l.role WHEN 0 THEN l.count END), 0)
        FROM buckets b JOIN lists l ON l.bucket = b.bucket AND (l.role < 4 OR l.role = 10)
        WHERE b.author = $0 AND b.live = 1 AND b.kind = 1
        """,
        author))[0];

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => (await Read(
        static reader => (Id: BucketId.Parse(reader.GetString(0)), Record: RecordColumns.Read(reader, 1)),
        Objects,
        JsonSerializer.Serialize(ids.Select(static id => id.Value)), author, ObjectRef.Bucket.Id))
        .ToDictionary(static row => row.Id, static row => row.Record with { Id = row.Id.Name });

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => (await Read(
        static reader => (Id: BucketId.Parse(reader.GetString(0)), Record: RecordColumns.Read(reader, 1)),
        NamedObjects,
        JsonSerializer.Serialize(ids.Select(static id => id.Value)), JsonSerializer.Serialize(principals), ObjectRef.Bucket.Id))
        .ToDictionary(static row => row.Id, static row => row.Record with { Id = row.Id.Name });

    public ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class => ValueTask.FromResult(database.Read(statements =>
        {
            var found = new List<T>();
            using var reader = statements.Prepare(
                """
                SELECT b.id, l.role, l.name, r.id, r.modified, CASE WHEN $4 IS NULL OR g.principal IN (SELECT value FROM json_each($4)) THEN r.acl END,
                    length(r.body) + coalesce(length(r.acl), 0), g.principal
                FROM grants g JOIN buckets b ON b.bucket = g.bucket AND b.live = 1 JOIN lists l ON l.bucket = g.bucket AND l.list = g.list
                JOIN records r ON r.bucket = g.bucket AND r.list = g.list AND r.id = g.id AND r.deleted = 0
                WHERE g.principal IN (SELECT value FROM json_each($0)) AND g.relation IN ($1, $2) LIMIT $3
                """,
                JsonSerializer.Serialize(scan.Principals),
                (long)scan.Relation,
                (long)(scan.Relation == GrantRelation.Named ? GrantRelation.NamedWidely : scan.Relation),
                10L * scan.Limit,
                scan.Doubtful is null ? null : JsonSerializer.Serialize(scan.Doubtful)).ExecuteReader();
            for (var bytes = 0L; found.Count < scan.Limit && bytes < scan.MaxBytes && reader.Read();)
            {
                var named = new NamedObject(
                    BucketId.Parse(reader.GetString(0)),
                    new ObjectRef(new ListRef((ListRole)reader.GetInt64(1), reader.GetString(2)), reader.GetString(3)),
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

            return (IReadOnlyList<T>)found;
        }));

    public ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken) => Read(
        static reader => new Grant(
            BucketId.Parse(reader.GetString(0)), new GrantKey(reader.GetInt32(1), GrantRelation.Member, reader.GetString(2), reader.GetString(3)), new ServerTimestamp(reader.GetInt64(4))),
        """
        SELECT b.id, g.list, g.principal, g.id, g.stamp FROM grants g JOIN buckets b ON b.bucket = g.bucket AND b.live = 1
        JOIN lists l ON l.bucket = g.bucket AND l.role = 3 AND l.name = '' AND l.list = g.list
        WHERE g.principal IN (SELECT value FROM json_each($0)) AND g.relation = 1 LIMIT $1
        """,
        JsonSerializer.Serialize(principals), (long)limit);

    public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) => Read(
        static reader => BucketId.Parse(reader.GetString(0)),
        "SELECT id FROM buckets WHERE live = 1 AND id > $0 ORDER BY id LIMIT $1",
        after?.Value ?? "", (long)limit);

    public ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var (bucket, list) = after is null ? (0L, 0L)
                : (statements.Scalar("SELECT bucket FROM buckets WHERE id = $0", after.Bucket.Value) as long? ?? 0, (long)after.Key);
            var entries = new List<TombstoneEntry>();
            while (entries.Count < limit)
            {
                using var reader = statements.Prepare(Next, bucket, list).ExecuteReader();
                if (!reader.Read())
                {
                    break;
                }

                (bucket, list) = (reader.GetInt64(0), reader.GetInt64(2));
                entries.Add(new TombstoneEntry(
                    BucketId.Parse(reader.GetString(1)),
                    (int)list,
                    reader.IsDBNull(3) ? null : new ListRef((ListRole)reader.GetInt64(3), reader.GetString(4)),
                    new ServerTimestamp(reader.GetInt64(5))));
            }

            return (IReadOnlyList<TombstoneEntry>)entries;
        }));

    public ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken) => Read(
        static reader => new ExpiryEntry(
            BucketId.Parse(reader.GetString(0)), new ListRef((ListRole)reader.GetInt64(1), reader.GetString(2)), new ServerTimestamp(reader.GetInt64(3))),
        """
        SELECT b.id, l.role, l.name, l.next_expiry FROM lists l INDEXED BY lists_expiring JOIN buckets b ON b.bucket = l.bucket
        WHERE l.next_expiry IS NOT NULL AND l.next_expiry > $0 AND l.next_expiry <= $1 ORDER BY l.next_expiry LIMIT $2
        """,
        after.Milliseconds, by.Milliseconds, (long)limit);

    private ValueTask<IReadOnlyList<T>> Read<T>(Func<SqliteDataReader, T> read, string sql, params object?[] values) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            using var reader = statements.Prepare(sql, values).ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return (IReadOnlyList<T>)rows;
        }));
}
