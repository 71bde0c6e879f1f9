using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Commits;
using Lockstep.Storage.Sqlite.Reads;
using Lockstep.Storage.Sqlite.Rows;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite;

/// <summary>Buckets in a SQLite file.</summary>
public sealed class SqliteBucketStore(SqliteDatabase database) : IBucketStore
{
    /// <summary>Only one server at a time uses the data directory.</summary>
    public bool IsShared => false;

    public bool ReadsOnCallersThread => true;

    public void OnTakenOver(Action<BucketId> listener)
    {
        // There is nobody else to take anything over.
    }

    public bool IsCurrent(BucketHeads heads) => true;

    public ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => statements.InSnapshot(() => Load(statements, id))) ?? BucketHeads.Unwritten(id, database.Floor));

    public ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => keys.Count == 1
            ? Read(statements, bucket.Row, keys, projection)
            : statements.InSnapshot(() => Read(statements, bucket.Row, keys, projection))));

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => statements.InSnapshot(() => Scan(statements, scan, cancellationToken))));

    public ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => statements.InSnapshot(() =>
        {
            var (version, head) = HeadOf(statements, scan);
            if (scan.Field is not null)
            {
                return CountByField(statements, scan, version, head);
            }

            var statement = new ScanStatement(scan);
            var count = (long)statements.Scalar(statement.Count, statement.Values)!;
            return new RecordCount(version, head, count)
            {
                Bytes = scan.Query.ExpiredBy is null ? 0 : (long)statements.Scalar(statement.Bytes, statement.Values)!,
            };
        })));

    public ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => Read(statements, scan)));

    public async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        var rows = commit.Records.Count + commit.Grants.Count + commit.FieldKeys.Count + commit.PurgedRecords.Count + commit.RemovedRecords.Count;
        var outcome = await database.CommitAsync(statements => CommitStatements.Run(statements, commit), commit.Deadline, rows, commit.Heads.Author ?? commit.Id.Value);
        return outcome.Status == CommitStatus.Unknown ? await DecideAsync(commit) : outcome;
    }

    /// <summary>The outcome of a commit whose COMMIT failed.</summary>
    internal async ValueTask<CommitOutcome> DecideAsync(BucketCommit commit)
    {
        // After the fault the writer opened a new connection, and it alone may write, so what it reads now is final.
        var outcome = CommitOutcome.Unknown;
        var asked = await database.CommitAsync(statements =>
        {
            using var reader = statements.Prepare("SELECT bucket, version, nonce FROM buckets WHERE id = $0", commit.Id.Value).ExecuteReader();
            outcome = !reader.Read() ? (commit.ExpectedVersion == 0 ? CommitOutcome.NotExecuted : CommitOutcome.Stale)
                : new Guid(reader.GetFieldValue<byte[]>(2)) == commit.Nonce ? new CommitOutcome(CommitStatus.Done, reader.GetInt64(0))
                : reader.GetInt64(1) == commit.ExpectedVersion ? CommitOutcome.NotExecuted
                : CommitOutcome.Stale;
            return new CommitOutcome(CommitStatus.Done);
        });
        return asked.Status == CommitStatus.Done ? outcome : CommitOutcome.Unknown;
    }

    internal static BucketHeads? Load(SqliteStatements statements, BucketId id)
    {
        BucketHeads heads;
        string indexes;
        using (var reader = statements.Prepare(
            """
            SELECT bucket, version, clock, live, base, next_key, author, iif(author_base = base, author_number, NULL),
                (SELECT json_group_array(json_array(list, field, path, touched, built_to, built, whole))
                    FROM (SELECT * FROM field_indexes f WHERE f.bucket = b.bucket AND path IS NOT NULL ORDER BY field))
            FROM buckets b WHERE id = $0
            """, id.Value).ExecuteReader())
        {
            if (!reader.Read())
            {
                return null;
            }

            heads = new BucketHeads
            {
                Id = id,
                Row = reader.GetInt64(0),
                Version = reader.GetInt64(1),
                Clock = new ServerTimestamp(reader.GetInt64(2)),
                Exists = reader.GetInt64(3) != 0,
                Base = new ServerTimestamp(reader.GetInt64(4)),
                NextKey = reader.GetInt32(5),
                Author = reader.IsDBNull(6) ? null : reader.GetString(6),
                AuthorNumber = reader.IsDBNull(7) ? null : reader.GetInt64(7),
            };
            indexes = reader.GetString(8);
        }

        var lists = heads.Lists.ToBuilder();
        using (var reader = statements.Prepare($"SELECT {ListColumns.Names} FROM lists WHERE bucket = $0", heads.Row).ExecuteReader())
        {
            while (reader.Read())
            {
                var head = ListColumns.Read(reader);
                lists.Add(head.List, head);
            }
        }

        return StoredFieldIndexes.Attach(heads with { Lists = lists.ToImmutable() }, indexes);
    }

    private static IReadOnlyList<Grant> Read(SqliteStatements statements, GrantScan scan)
    {
        if (scan.Groups is { } groups)
        {
            return Read(statements, scan, groups);
        }

        // Members of a deleted bucket's groups are not removed at once.
        var sql = "SELECT b.id, g.list, g.principal, g.id, g.stamp FROM grants g JOIN buckets b ON b.bucket = g.bucket"
            + " WHERE g.principal IN (SELECT value FROM json_each($0)) AND g.relation = $1 AND g.bucket IN (SELECT bucket FROM buckets WHERE id IN (SELECT value FROM json_each($2)))"
            + (scan.List is null ? "" : " AND g.list IN (0, $4)")
            + (scan.Relation == GrantRelation.Member ? " AND EXISTS (SELECT 1 FROM lists l WHERE l.bucket = g.bucket AND l.role = 3 AND l.name = '' AND l.list = g.list)" : "")
            + " LIMIT $3";
        var (principals, buckets) = (JsonSerializer.Serialize(scan.Principals), JsonSerializer.Serialize(scan.Buckets.Select(static id => id.Value)));
        var grants = new List<Grant>();
        using var reader = (scan.List is { } list
            ? statements.Prepare(sql, principals, (long)scan.Relation, buckets, (long)scan.Limit, (long)list)
            : statements.Prepare(sql, principals, (long)scan.Relation, buckets, (long)scan.Limit)).ExecuteReader();
        while (reader.Read())
        {
            var key = new GrantKey(reader.GetInt32(1), scan.Relation, reader.GetString(2), reader.GetString(3));
            grants.Add(new Grant(BucketId.Parse(reader.GetString(0)), key, new ServerTimestamp(reader.GetInt64(4))));
        }

        return grants;
    }

    /// <summary>Looks up each group by its key, however many other groups there are.</summary>
    private static List<Grant> Read(SqliteStatements statements, GrantScan scan, IReadOnlyList<GroupName> groups)
    {
        const string Sql =
            """
            SELECT g.list, g.principal, g.stamp
            FROM buckets b JOIN lists l ON l.bucket = b.bucket AND l.role = 3 AND l.name = '' JOIN grants g ON g.bucket = b.bucket AND g.list = l.list
            WHERE b.id = $0 AND g.relation = $1 AND g.principal IN (SELECT value FROM json_each($2)) AND g.id = $3
            """;
        var (principals, grants) = (JsonSerializer.Serialize(scan.Principals), new List<Grant>());
        foreach (var group in groups)
        {
            using var reader = statements.Prepare(Sql, group.Bucket.Value, (long)scan.Relation, principals, group.Id).ExecuteReader();
            while (grants.Count < scan.Limit && reader.Read())
            {
                grants.Add(new Grant(group.Bucket, new GrantKey(reader.GetInt32(0), scan.Relation, reader.GetString(1), group.Id), new ServerTimestamp(reader.GetInt64(2))));
            }
        }

        return grants;
    }

    private static IReadOnlyDictionary<RecordKey, StoredRecord> Read(
        SqliteStatements statements, long bucket, IReadOnlyCollection<RecordKey> keys, Projection projection)
    {
        var sql = $"SELECT {RecordColumns.Of(projection)} FROM records WHERE bucket = $0 AND list = $1 AND id = $2";
        var found = new Dictionary<RecordKey, StoredRecord>(keys.Count);
        foreach (var key in keys)
        {
            using var reader = statements.Prepare(sql, bucket, key.List, key.Id).ExecuteReader();
            if (reader.Read())
            {
                found[key] = RecordColumns.Read(reader, projection: projection);
            }
        }

        return found;
    }

    /// <summary>The bucket's version and the list's head.</summary>
    private static (long Version, ListHead? Head) HeadOf(SqliteStatements statements, RecordScan scan)
    {
        var version = statements.Scalar("SELECT version FROM buckets WHERE bucket = $0", scan.Bucket.Row) as long? ?? 0;
        using var reader = statements.Prepare(
            $"SELECT {ListColumns.Names} FROM lists WHERE bucket = $0 AND list = $1", scan.Bucket.Row, scan.List).ExecuteReader();
        return (version, reader.Read() ? ListColumns.Read(reader) : null);
    }

    private static RecordRows Scan(SqliteStatements statements, RecordScan scan, CancellationToken cancellationToken)
    {
        var (version, head) = HeadOf(statements, scan);
        var records = new List<StoredRecord>();
        if (scan.Field is { } range && !IsUsable(statements, scan, range))
        {
            return new RecordRows(version, head, records, More: false) { IsIndexed = false };
        }

        long bytes = 0;
        using (var reader = (scan.Field is null ? Prepare(statements, new ScanStatement(scan)) : Prepare(statements, new FieldScanStatement(scan))).ExecuteReader())
        {
            while (reader.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (records.Count == scan.Limit || (bytes >= scan.MaxBytes && records.Count > 0))
                {
                    return new RecordRows(version, head, records, More: true);
                }

                var record = RecordColumns.Read(reader, projection: scan.Query.Projection);
                records.Add(record);
                bytes += record.Size;
            }
        }

        return new RecordRows(version, head, records, More: false);
    }

    private static SqliteCommand Prepare(SqliteStatements statements, ScanStatement statement)
    {
        var sql = statement.Rows();
        return statements.Prepare(sql, statement.Values);
    }

    private static SqliteCommand Prepare(SqliteStatements statements, FieldScanStatement statement)
    {
        var sql = statement.Rows();
        return statements.Prepare(sql, statement.Values);
    }

    private static RecordCount CountByField(SqliteStatements statements, RecordScan scan, long version, ListHead? head)
    {
        if (!IsUsable(statements, scan, scan.Field!))
        {
            return new RecordCount(version, head, 0) { IsIndexed = false };
        }

        var statement = new FieldScanStatement(scan);
        var sql = statement.Count();
        return new RecordCount(version, head, (long)statements.Scalar(sql, statement.Values)!);
    }

    private static bool IsUsable(SqliteStatements statements, RecordScan scan, FieldRange range) =>
        statements.Scalar(FieldScanStatement.IsUsable, scan.Bucket.Row, (long)range.Index, (long)scan.List) is not null;
}
