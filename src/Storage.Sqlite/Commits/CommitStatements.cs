using System.Runtime.InteropServices;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Rows;

namespace Lockstep.Storage.Sqlite.Commits;

/// <summary>One bucket's commit as statements, to be run inside the writer's transaction.</summary>
internal static class CommitStatements
{
    public static CommitOutcome Run(SqliteStatements statements, BucketCommit commit)
    {
        // :: Step 1: no closed account may write.
        var closed = commit.Accounts.Where(number => statements.Scalar("SELECT 1 FROM closed_accounts WHERE number = $0", number) is not null).ToArray();
        if (closed.Length > 0)
        {
            return new CommitOutcome(CommitStatus.Closed, Closed: closed);
        }

        // :: Step 2: compare and advance the version. The commit is stale if a new bucket exists already, or an existing one is at another version.
        if ((commit.ExpectedVersion == 0 ? Insert(statements, commit) : Advance(statements, commit)) is not { } bucket)
        {
            return CommitOutcome.Stale;
        }

        // :: Step 3: lists and their rows.
        foreach (var list in commit.RemovedLists)
        {
            statements.Execute("DELETE FROM lists WHERE bucket = $0 AND role = $1 AND name = $2", bucket, (long)list.Role, list.Name);
        }

        foreach (var head in commit.Lists)
        {
            Upsert(statements, bucket, head, commit.StoresAclOf(head.List));
        }

        foreach (var key in commit.OrphanedKeys)
        {
            statements.Execute("INSERT OR IGNORE INTO orphans VALUES ($0, $1)", bucket, (long)key);
        }

        // Copies rows before they change.
        foreach (var copy in commit.Copies)
        {
            statements.Execute(
                $"""
                INSERT INTO records (bucket, list, {RecordColumns.Names})
                SELECT bucket, $3, $4, $5, 0, body, author, NULL, NULL, NULL FROM records WHERE bucket = $0 AND list = $1 AND id = $2 AND deleted = 0
                """,
                bucket, (long)copy.From.List, copy.From.Id, (long)copy.To.List, copy.To.Id, copy.Modified.Milliseconds);
        }

        foreach (var (list, record) in commit.Records)
        {
            Upsert(statements, bucket, list, record);
        }

        foreach (var key in commit.PurgedRecords)
        {
            statements.Execute("DELETE FROM records WHERE bucket = $0 AND list = $1 AND id = $2 AND deleted = 1", bucket, (long)key.List, key.Id);
        }

        foreach (var key in commit.RemovedRecords)
        {
            statements.Execute("DELETE FROM records WHERE bucket = $0 AND list = $1 AND id = $2", bucket, (long)key.List, key.Id);
        }

        // :: Step 4: the index of principals.
        GrantStatements.Run(statements, bucket, commit.Grants);

        // :: Step 5: indexes on fields.
        foreach (var (list, index, touched) in commit.Indexes)
        {
            Upsert(statements, bucket, list, index, touched);
        }

        foreach (var (index, id, modified, key) in commit.FieldKeys)
        {
            if (key is { } value)
            {
                statements.Execute(
                    "INSERT INTO field_keys (bucket, field, id, modified, key) VALUES ($0, $1, $2, $3, $4) ON CONFLICT (bucket, field, id) DO UPDATE SET modified = $3, key = $4",
                    bucket, (long)index, id, modified.Milliseconds, Bytes(value));
            }
            else
            {
                statements.Execute("DELETE FROM field_keys WHERE bucket = $0 AND field = $1 AND id = $2", bucket, (long)index, id);
            }
        }

        return new CommitOutcome(CommitStatus.Done, bucket);
    }

    /// <summary>A dropped index has no path. Its rows are removed later.</summary>
    private static void Upsert(SqliteStatements statements, long bucket, int list, FieldIndex index, ServerTimestamp? touched) => statements.Execute(
        """
        INSERT INTO field_indexes (bucket, field, list, touched, whole, built, built_to, path) VALUES ($0, $1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (bucket, field) DO UPDATE SET touched = $3, whole = $4, built = $5, built_to = $6, path = $7
        """,
        bucket, (long)index.Key, (long)list, touched?.Milliseconds ?? 0, index.IsWhole ? 1L : 0L, index.Built, index.BuiltTo, touched is null ? null : index.Path);

    /// <returns>The row; null if the bucket exists already.</returns>
    private static long? Insert(SqliteStatements statements, BucketCommit commit)
    {
        var heads = commit.Heads;
        return statements.Scalar(
            """
            INSERT INTO buckets (id, kind, version, nonce, clock, live, base, next_key, author, author_number, author_base)
            VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $6) ON CONFLICT (id) DO NOTHING RETURNING bucket
            """,
            heads.Id.Value, (long)heads.Id.Kind, heads.Version, commit.Nonce.ToByteArray(), heads.Clock.Milliseconds,
            heads.Exists ? 1L : 0L, heads.Base.Milliseconds, (long)heads.NextKey, heads.Author, heads.AuthorNumber) as long?;
    }

    /// <returns>The row; null if it is at another version.</returns>
    private static long? Advance(SqliteStatements statements, BucketCommit commit)
    {
        var heads = commit.Heads;
        var (live, since) = (heads.Exists ? 1L : 0L, heads.Base.Milliseconds);
        if (statements.Scalar(
            """
            UPDATE buckets SET version = $0, nonce = $1, clock = $2, next_key = $3 WHERE bucket = $4 AND version = $5 AND clock < $2
            RETURNING (live, base, author, author_number, author_base) IS ($6, $7, $8, $9, $7)
            """,
            heads.Version, commit.Nonce.ToByteArray(), heads.Clock.Milliseconds, (long)heads.NextKey, heads.Row, commit.ExpectedVersion,
            live, since, heads.Author, heads.AuthorNumber) is not long isSame)
        {
            return null;
        }

        // A separate statement, since SQLite writes each index of a column that is set, whether the value changes or not.
        if (isSame == 0)
        {
            statements.Execute(
                "UPDATE buckets SET live = $0, base = $1, author = $2, author_number = $3, author_base = $1 WHERE bucket = $4",
                live, since, heads.Author, heads.AuthorNumber, heads.Row);
        }

        return heads.Row;
    }

    private static void Upsert(SqliteStatements statements, long bucket, ListHead head, bool storesAcl)
    {
        if (storesAcl)
        {
            statements.Execute(
                $"""
                INSERT INTO lists (bucket, {ListColumns.Written}) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $3)
                ON CONFLICT (bucket, role, name) DO UPDATE SET list = $3, rows_modified = $4, touched = $5, count = $6,
                    bytes = $7, horizon = $8, next_expiry = $9, acl = $10, acl_list = $3
                """,
                bucket, (long)head.List.Role, head.List.Name, (long)head.Key, head.RowsModified.Milliseconds, head.Touched.Milliseconds,
                head.Count, head.Bytes, head.Horizon.Milliseconds, head.NextExpiry?.Milliseconds, head.Acl is { } acl ? Bytes(acl.ToBytes()) : null);
            return;
        }

        // ACLs can be long, and most writes leave them alone.
        statements.Execute(
            $"""
            INSERT INTO lists (bucket, {ListColumns.Written}) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, NULL)
            ON CONFLICT (bucket, role, name) DO UPDATE SET list = $3, rows_modified = $4, touched = $5, count = $6,
                bytes = $7, horizon = $8, next_expiry = $9
            """,
            bucket, (long)head.List.Role, head.List.Name, (long)head.Key, head.RowsModified.Milliseconds, head.Touched.Milliseconds,
            head.Count, head.Bytes, head.Horizon.Milliseconds, head.NextExpiry?.Milliseconds);
    }

    private static void Upsert(SqliteStatements statements, long bucket, int list, StoredRecord record) => statements.Execute(
        $"""
        INSERT INTO records (bucket, list, {RecordColumns.Names}) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (bucket, list, id) DO UPDATE SET modified = $3, deleted = $4, body = $5, author = $6, acl = $7,
            sortindex = $8, expiry = $9
        """,
        bucket, (long)list, record.Id, record.Modified.Milliseconds, record.IsTombstone ? 1L : 0L, Bytes(record.Body),
        record.Author, record.Acl is { } acl ? Bytes(acl) : null, (long?)record.SortIndex, record.Expiry?.Milliseconds);

    /// <summary>The array itself if the memory is all of it, since the driver takes only arrays.</summary>
    private static byte[] Bytes(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : memory.ToArray();
}
