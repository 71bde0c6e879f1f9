using Lockstep.Core.Buckets;
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
    /// <summary>The data directory has one server at a time.</summary>
    public bool IsShared => false;

    public void OnTakenOver(Action<BucketId> listener)
    {
        // Nobody else is there to take anything over.
    }

    public bool IsCurrent(BucketHeads heads) => true;

    public ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => statements.InSnapshot(() => Load(statements, id))));

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
            var statement = new ScanStatement(scan);
            var count = (long)statements.Scalar(statement.Count, statement.Values)!;
            return new RecordCount(version, head, count)
            {
                Bytes = scan.Query.ExpiredBy is null ? 0 : (long)statements.Scalar(statement.Bytes, statement.Values)!,
            };
        })));

    public async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        var outcome = await database.CommitAsync(statements => CommitStatements.Run(statements, commit), commit.Deadline);
        return outcome.Status == CommitStatus.Unknown ? await DecideAsync(commit) : outcome;
    }

    /// <summary>What became of a commit whose COMMIT failed.</summary>
    internal async ValueTask<CommitOutcome> DecideAsync(BucketCommit commit)
    {
        // The writer threw its connection away after the fault and has one writer's lock: what it reads now is final.
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
        using (var reader = statements.Prepare(
            """
            SELECT bucket, version, clock, live, base, next_key, author, iif(author_base = base, author_number, NULL) FROM buckets WHERE id = $0
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

        return heads with { Lists = lists.ToImmutable() };
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
        var statement = new ScanStatement(scan);
        var sql = statement.Rows();
        long bytes = 0;
        using (var reader = statements.Prepare(sql, statement.Values).ExecuteReader())
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
                bytes += record.Length;
            }
        }

        return new RecordRows(version, head, records, More: false);
    }
}
