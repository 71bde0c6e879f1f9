using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Rows;
using Microsoft.Data.Sqlite;
using static Lockstep.Storage.Sqlite.Rows.RowReading;

namespace Lockstep.Storage.Sqlite.Assignments;

/// <summary>
/// Users' stores, nodes and invitations in the same file as the buckets. The file's only writer runs one job at a time, so what a job
/// reads stays true until it has written.
/// </summary>
public sealed class SqliteAssignmentStore(SqliteDatabase database) : IAssignmentStore
{
    private const string Columns = AssignmentColumns.Names;
    private const string NodeColumns = "number, url, available, load, capacity, down, draining";
    internal const string InvitationColumns = "digest, note, quota, expires, issuer, subject, name";
    private const int MaxFound = 20;

    // UserKeys.RetiredGeneration
    private const string Retired = "9223372036854775807";

    public ValueTask<IReadOnlyList<Assignment>> FindAsync(UserIdentity user, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<Assignment>>(database.Read(statements => ReadAll(
            statements.Prepare(
                $"""
                SELECT {Columns} FROM assignments WHERE issuer = $0 AND subject = $1
                ORDER BY replaced IS NULL DESC, created DESC, number DESC LIMIT $2
                """,
                user.Issuer, user.Subject, MaxFound),
            AssignmentColumns.Read)));

    public ValueTask<Assignment?> GiveAsync(
        UserIdentity user, Assignment? expected, UserKeys keys, int node, long? quotaBytes, ServerTimestamp now, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(keys.Generation, UserKeys.RetiredGeneration, nameof(keys));
        return database.WriteAsync(statements =>
        {
            // :: Step 1: the user's stores so far, if they may have another one and the node exists.
            if (statements.Scalar(
                $"""
                SELECT coalesce(max(max(created, coalesce(replaced, 0))), 0) FROM assignments WHERE issuer = $0 AND subject = $1
                HAVING count(*) FILTER (WHERE generation = {Retired}) = 0 AND ($2 = 0 OR EXISTS (SELECT 1 FROM assignment_nodes WHERE number = $2))
                """,
                user.Issuer, user.Subject, (long)node) is not long last)
            {
                return null;
            }

            // :: Step 2: replace the current store, if it is as it was read.
            var stamp = Math.Max(now.Milliseconds, last + 1);
            var isFree = expected is null
                ? statements.Scalar("SELECT 1 FROM assignments WHERE issuer = $0 AND subject = $1 AND replaced IS NULL", user.Issuer, user.Subject) is null
                : statements.Execute(
                    """
                    UPDATE assignments SET replaced = $7 WHERE number = $0 AND issuer = $1 AND subject = $2 AND replaced IS NULL
                        AND generation = $3 AND fingerprint = $4 AND keys_changed = $5 AND quota IS $6
                    """,
                    expected.Number, user.Issuer, user.Subject, expected.Keys.Generation, expected.Keys.Fingerprint, expected.Keys.KeysChangedAt,
                    expected.QuotaBytes, stamp) == 1;
            if (!isFree)
            {
                return null;
            }

            // :: Step 3: add the new store.
            if (node != 0)
            {
                statements.Execute("UPDATE assignment_nodes SET load = load + 1, available = max(available - 1, 0) WHERE number = $0", (long)node);
            }

            return First(ReadAll(
                statements.Prepare(
                    $"""
                    INSERT INTO assignments (number, issuer, subject, generation, fingerprint, keys_changed, node, created, quota)
                    VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8) RETURNING {Columns}
                    """,
                    NextNumber(statements), user.Issuer, user.Subject, keys.Generation, keys.Fingerprint, keys.KeysChangedAt, (long)node, stamp, quotaBytes),
                AssignmentColumns.Read));
        });
    }

    public ValueTask<bool> AdvanceAsync(Assignment expected, UserKeys keys, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(keys.Generation, UserKeys.RetiredGeneration, nameof(keys));
        return database.WriteAsync(statements => statements.Execute(
            """
            UPDATE assignments SET generation = $4, fingerprint = $5, keys_changed = $6
            WHERE number = $0 AND replaced IS NULL AND generation <= $4 AND keys_changed <= $6 AND fingerprint IN ('', $5)
                AND (generation, fingerprint, keys_changed) IN (VALUES ($1, $2, $3), ($4, $5, $6))
            """,
            expected.Number, expected.Keys.Generation, expected.Keys.Fingerprint, expected.Keys.KeysChangedAt,
            keys.Generation, keys.Fingerprint, keys.KeysChangedAt) == 1);
    }

    public ValueTask<bool> EndAsync(Assignment expected, bool retire, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            $"""
            UPDATE assignments SET replaced = coalesce(replaced, max($7, created + 1)), generation = iif($8, {Retired}, generation)
            WHERE number = $2 AND issuer = $0 AND subject = $1 AND generation = $3 AND fingerprint = $4 AND keys_changed = $5
                AND replaced IS $6 AND (replaced IS NULL OR ($8 AND NOT EXISTS (
                    SELECT 1 FROM assignments u WHERE u.issuer = $0 AND u.subject = $1 AND u.replaced IS NULL)))
            """,
            expected.User.Issuer, expected.User.Subject, expected.Number, expected.Keys.Generation, expected.Keys.Fingerprint, expected.Keys.KeysChangedAt,
            expected.Replaced?.Milliseconds, now.Milliseconds, retire ? 1L : 0L) == 1);

    public async ValueTask NoteClosedAsync(long number, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
        statements.Execute("UPDATE assignments SET closed = 1 WHERE number = $0 AND replaced IS NOT NULL", number));

    public ValueTask<bool> SetQuotaAsync(UserIdentity user, long? quotaBytes, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            "UPDATE assignments SET quota = $2 WHERE issuer = $0 AND subject = $1 AND replaced IS NULL", user.Issuer, user.Subject, quotaBytes) == 1);

    public ValueTask<IReadOnlyList<Assignment>> ListAsync(long after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<Assignment>>(database.Read(statements => ReadAll(
            statements.Prepare($"SELECT {Columns} FROM assignments WHERE replaced IS NULL AND number > $0 ORDER BY number LIMIT $1", after, limit),
            AssignmentColumns.Read)));

    public ValueTask<IReadOnlyList<Assignment>> ListReplacedAsync(ServerTimestamp before, long after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<Assignment>>(database.Read(statements => ReadAll(
            statements.Prepare(
                $"SELECT {Columns} FROM assignments WHERE replaced < $0 AND emptied = 0 AND number > $1 ORDER BY number LIMIT $2",
                before.Milliseconds, after, limit),
            AssignmentColumns.Read)));

    public async ValueTask ForgetAsync(long number, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
        statements.Execute($"DELETE FROM assignments WHERE number = $0 AND replaced IS NOT NULL AND generation <> {Retired}", number)
        + statements.Execute($"UPDATE assignments SET emptied = 1 WHERE number = $0 AND replaced IS NOT NULL AND generation = {Retired}", number));

    public ValueTask<IReadOnlyList<AssignmentNode>> ListNodesAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<AssignmentNode>>(database.Read(static statements => ReadAll(
            statements.Prepare($"SELECT {NodeColumns} FROM assignment_nodes ORDER BY number"), ReadNode)));

    public ValueTask<AssignmentNode> PutNodeAsync(string url, int capacity, bool isDown, bool isDraining, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            var (down, draining) = (isDown ? 1L : 0L, isDraining ? 1L : 0L);
            if (statements.Execute(
                """
                UPDATE assignment_nodes SET capacity = $1, down = $2, draining = $3, available = min(available, max($1 - load, 0)) WHERE url = $0
                """,
                url, capacity, down, draining) == 0)
            {
                statements.Execute("INSERT INTO assignment_nodes (url, capacity, down, draining) VALUES ($0, $1, $2, $3)", url, capacity, down, draining);
            }

            return ReadAll(statements.Prepare($"SELECT {NodeColumns} FROM assignment_nodes WHERE url = $0", url), ReadNode)[0];
        });

    public ValueTask<bool> ReleaseAsync(double rate, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        // Rounded in this program, since SQLite's round() rounds half away from zero.
        const string usable = "down = 0 AND draining = 0";
        foreach (var node in ReadAll(
            statements.Prepare($"SELECT {NodeColumns} FROM assignment_nodes WHERE available <= 0 AND capacity > load AND {usable}"), ReadNode))
        {
            var released = (long)Math.Round(Math.Min(node.Capacity * rate, node.Capacity - node.Load), MidpointRounding.ToEven);
            statements.Execute("UPDATE assignment_nodes SET available = $1 WHERE number = $0", (long)node.Number, Math.Max(released, 1));
        }

        return statements.Scalar($"SELECT 1 FROM assignment_nodes WHERE available > 0 AND {usable} LIMIT 1") is not null;
    });

    public ValueTask<bool> RemoveNodeAsync(string url, ServerTimestamp now, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        statements.Execute(
            """
            UPDATE assignments SET replaced = max($1, created + 1)
            WHERE node = (SELECT number FROM assignment_nodes WHERE url = $0) AND replaced IS NULL AND node <> 0
            """,
            url, now.Milliseconds);
        return statements.Execute("DELETE FROM assignment_nodes WHERE url = $0", url) == 1;
    });

    public async ValueTask AddInvitationAsync(Invitation invitation, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
        statements.Execute(
            $"INSERT INTO invitations ({InvitationColumns}) VALUES ($0, $1, $2, $3, $4, $5, $6) ON CONFLICT (digest) DO NOTHING",
            invitation.Digest, invitation.Note, invitation.QuotaBytes, invitation.Expires.Milliseconds, invitation.User?.Issuer, invitation.User?.Subject, invitation.AccountName));

    public ValueTask<Invitation?> FindInvitationAsync(string digest, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => First(ReadAll(
            statements.Prepare($"SELECT {InvitationColumns} FROM invitations WHERE digest = $0", digest), ReadInvitation))));

    public ValueTask<Invitation?> FindInvitationOfAsync(UserIdentity user, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => First(ReadAll(
            statements.Prepare(
                $"SELECT {InvitationColumns} FROM invitations WHERE issuer = $0 AND subject = $1 ORDER BY expires DESC, digest LIMIT 1", user.Issuer, user.Subject),
            ReadInvitation))));

    public ValueTask<Invitation?> TakeInvitationAsync(string digest, UserIdentity user, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => First(ReadAll(
            statements.Prepare(
                $"""
                UPDATE invitations SET issuer = $1, subject = $2
                WHERE digest = $0 AND ((issuer IS NULL AND name IS NULL AND expires > $3) OR (issuer = $1 AND subject = $2))
                RETURNING {InvitationColumns}
                """,
                digest, user.Issuer, user.Subject, now.Milliseconds),
            ReadInvitation)));

    public ValueTask<IReadOnlyList<Invitation>> ListInvitationsAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<Invitation>>(database.Read(static statements => ReadAll(
            statements.Prepare($"SELECT {InvitationColumns} FROM invitations WHERE issuer IS NULL ORDER BY expires, digest"), ReadInvitation)));

    public ValueTask<bool> RemoveInvitationAsync(string digest, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute("DELETE FROM invitations WHERE digest = $0", digest) == 1);

    /// <summary>A number that no account and no store has had. It is taken in the way in which SQLite takes one for the next account.</summary>
    internal static long NextNumber(SqliteStatements statements) =>
        statements.Scalar("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'accounts' RETURNING seq") as long?
        ?? (long)statements.Scalar("INSERT INTO sqlite_sequence (name, seq) VALUES ('accounts', 1) RETURNING seq")!;

    private static AssignmentNode ReadNode(SqliteDataReader reader) => new(
        reader.GetInt32(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetInt64(5) != 0, reader.GetInt64(6) != 0);

    internal static Invitation ReadInvitation(SqliteDataReader reader) => new(
        reader.GetString(0),
        reader.GetString(1),
        reader.IsDBNull(2) ? null : reader.GetInt64(2),
        new ServerTimestamp(reader.GetInt64(3)),
        reader.IsDBNull(4) ? null : new UserIdentity(reader.GetString(4), reader.GetString(5)))
    {
        AccountName = reader.IsDBNull(6) ? null : reader.GetString(6),
    };
}
