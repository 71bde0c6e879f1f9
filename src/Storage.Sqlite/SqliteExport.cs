using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Assignments;
using Lockstep.Storage.Sqlite.Attachments;
using Lockstep.Storage.Sqlite.Rows;

namespace Lockstep.Storage.Sqlite;

/// <summary>Reads a whole database, piece by piece, to move it elsewhere. Nothing may write to it meanwhile.</summary>
public sealed class SqliteExport(SqliteDatabase database)
{
    /// <summary>The id of this database, which stays with the data when it is moved.</summary>
    public string Cluster => database.Read(static statements => (string)statements.Scalar("SELECT value FROM meta WHERE name = 'cluster'")!);

    /// <summary>The highest number that an account or a user's store ever had. It is not given again.</summary>
    public long LastAccount => Last("accounts");

    /// <summary>The highest number that a command for a device ever had.</summary>
    public long LastCommand => Last("device_commands");

    /// <summary>The highest number that a node ever had.</summary>
    public long LastNode => Last("assignment_nodes");

    /// <summary>Counts: buckets that were ever written, the records in their lists including tombstones, accounts, and stores of users.</summary>
    public (long Buckets, long Records, long Accounts, long Assignments) Count() => database.Read(static statements => (
        (long)statements.Scalar("SELECT count(*) FROM buckets")!,
        (long)statements.Scalar("SELECT count(*) FROM records r WHERE EXISTS (SELECT 1 FROM lists l WHERE l.bucket = r.bucket AND l.list = r.list)")!,
        (long)statements.Scalar("SELECT count(*) FROM accounts")!,
        (long)statements.Scalar("SELECT count(*) FROM assignments")!));

    /// <summary>Numbers of closed accounts, in order, after a number; and whether an account is closed only until it is enabled.</summary>
    public IReadOnlyList<(long Number, bool IsDisabled)> ReadClosedAccounts(long after, int limit) => database.Read(statements =>
    {
        var numbers = new List<(long Number, bool IsDisabled)>();
        using var reader = statements.Prepare("SELECT number, disabled FROM closed_accounts WHERE number > $0 ORDER BY number LIMIT $1", after, limit).ExecuteReader();
        while (reader.Read())
        {
            numbers.Add((reader.GetInt64(0), reader.GetInt64(1) != 0));
        }

        return (IReadOnlyList<(long Number, bool IsDisabled)>)numbers;
    });

    /// <summary>Stores of users, in use and replaced, in order of their numbers, after a number; and whether their data is gone.</summary>
    public IReadOnlyList<(Assignment Assignment, bool IsEmptied)> ReadAssignments(long after, int limit) => database.Read(statements =>
    {
        var rows = new List<(Assignment, bool)>();
        using var reader = statements.Prepare(
            $"SELECT {AssignmentColumns.Names}, emptied FROM assignments WHERE number > $0 ORDER BY number LIMIT $1", after, limit).ExecuteReader();
        while (reader.Read())
        {
            rows.Add((AssignmentColumns.Read(reader), reader.GetInt64(11) != 0));
        }

        return (IReadOnlyList<(Assignment, bool)>)rows;
    });

    /// <summary>All invitations, including taken ones.</summary>
    public IReadOnlyList<Invitation> ReadInvitations() => database.Read(static statements =>
    {
        var invitations = new List<Invitation>();
        using var reader = statements.Prepare($"SELECT {SqliteAssignmentStore.InvitationColumns} FROM invitations ORDER BY digest").ExecuteReader();
        while (reader.Read())
        {
            invitations.Add(SqliteAssignmentStore.ReadInvitation(reader));
        }

        return (IReadOnlyList<Invitation>)invitations;
    });

    /// <summary>Heads of buckets, including deleted ones, in row order after a row.</summary>
    public IReadOnlyList<BucketHeads> ReadBuckets(long after, int limit) => database.Read(statements =>
    {
        var ids = new List<BucketId>();
        using (var reader = statements.Prepare("SELECT id FROM buckets WHERE bucket > $0 ORDER BY bucket LIMIT $1", after, limit).ExecuteReader())
        {
            while (reader.Read())
            {
                ids.Add(BucketId.Parse(reader.GetString(0)));
            }
        }

        return (IReadOnlyList<BucketHeads>)ids.ConvertAll(id => SqliteBucketStore.Load(statements, id)!);
    });

    /// <summary>Rows of a bucket's lists, in the order of their keys, after a key.</summary>
    /// <param name="bucket">The bucket's row.</param>
    /// <param name="after">Where the last call ended; the default value for the beginning.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="maxBytes">Bytes of bodies after which to stop; the row that passes it is still returned.</param>
    public IReadOnlyList<(int List, StoredRecord Record)> ReadRecords(long bucket, RecordKey after, int limit, long maxBytes) => database.Read(statements =>
    {
        var rows = new List<(int, StoredRecord)>();
        long bytes = 0;
        using var reader = statements.Prepare(
            $"""
            SELECT {RecordColumns.Names}, list FROM records r
            WHERE bucket = $0 AND (list, id) > ($1, $2) AND EXISTS (SELECT 1 FROM lists l WHERE l.bucket = r.bucket AND l.list = r.list)
            ORDER BY list, id LIMIT $3
            """, bucket, (long)after.List, after.Id ?? "", limit).ExecuteReader();
        while (bytes < maxBytes && reader.Read())
        {
            var record = RecordColumns.Read(reader);
            rows.Add((reader.GetInt32(8), record));
            bytes += record.Body.Length;
        }

        return (IReadOnlyList<(int, StoredRecord)>)rows;
    });

    /// <summary>Rows of one of <see cref="Core.KeyedAccounts.KeyedAccountTables"/>, from a position on.</summary>
    public IReadOnlyList<object?[]> ReadKeyed(string table, IReadOnlyList<string> columns, int from, int limit) => database.Read(statements =>
    {
        var rows = new List<object?[]>();
        using var reader = statements.Prepare(
            $"SELECT {string.Join(", ", columns.Select(static column => column.TrimStart('?')))} FROM {table} ORDER BY 1 LIMIT $0 OFFSET $1", (long)limit, (long)from).ExecuteReader();
        while (reader.Read())
        {
            rows.Add([.. columns.Select((column, i) => reader.IsDBNull(i) ? null : column[0] == '?' ? reader.GetInt64(i) != 0 : reader.GetValue(i))]);
        }

        return (IReadOnlyList<object?[]>)rows;
    });

    /// <summary>Files whose content is complete, in the order of their ids, after an id.</summary>
    public IReadOnlyList<Attachment> ReadAttachments(string after, int limit) => database.Read(statements =>
    {
        var files = new List<Attachment>();
        using var reader = statements.Prepare(
            $"SELECT {SqliteAttachmentStore.Columns} FROM attachments WHERE id > $0 AND size IS NOT NULL ORDER BY id LIMIT $1", after, limit).ExecuteReader();
        while (reader.Read())
        {
            files.Add(SqliteAttachmentStore.Read(reader));
        }

        return (IReadOnlyList<Attachment>)files;
    });

    /// <summary>A bucket's index of principals.</summary>
    /// <param name="bucket">The bucket's row.</param>
    public IReadOnlyList<(GrantKey Key, ServerTimestamp Stamp)> ReadGrants(long bucket) => database.Read(statements =>
    {
        var rows = new List<(GrantKey, ServerTimestamp)>();
        using var reader = statements.Prepare("SELECT list, relation, principal, id, stamp FROM grants WHERE bucket = $0", bucket).ExecuteReader();
        while (reader.Read())
        {
            var key = new GrantKey(reader.GetInt32(0), (GrantRelation)reader.GetInt64(1), reader.GetString(2), reader.GetString(3));
            rows.Add((key, new ServerTimestamp(reader.GetInt64(4))));
        }

        return (IReadOnlyList<(GrantKey, ServerTimestamp)>)rows;
    });

    private long Last(string table) => database.Read(statements =>
        statements.Scalar("SELECT seq FROM sqlite_sequence WHERE name = $0", table) as long? ?? 0);
}
