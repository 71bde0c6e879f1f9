using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Assignments;

/// <summary>
/// Users' stores, nodes and invitations, in the home database. Invariants:
/// <list type="number">
/// <item>A transaction that gives a user a store or takes one away holds a lock on the user until it is committed, so that it sees everything that was
/// done before it. The unique index rules out a second store in use, whoever writes.</item>
/// <item>A node's row is locked before the rows of stores on it, so that giving a store and removing the node wait for each
/// other in one order.</item>
/// <item>A statement whose answer was lost is run again. It only acts on the state that the caller has read, so the second run finds
/// the changes of the first, and does nothing.</item>
/// </list>
/// </summary>
/// <param name="database">The home database.</param>
public sealed class PostgresAssignmentStore(PostgresDatabase database) : IAssignmentStore
{
    private const string Columns = AssignmentColumns.Names;
    private const string NodeColumns = "number, url, available, load, capacity, down, draining";
    private const string InvitationColumns = "digest, note, quota, expires, issuer, subject, name";
    private const int MaxFound = 20;
    private const int RowsAtOnce = 5_000;

    // UserKeys.RetiredGeneration
    private const string Retired = "9223372036854775807";

    public async ValueTask<IReadOnlyList<Assignment>> FindAsync(UserIdentity user, CancellationToken cancellationToken) => await QueryAsync(
        $"""
        SELECT {Columns} FROM assignments WHERE issuer = $1 AND subject = $2
        ORDER BY replaced IS NULL DESC, created DESC, number DESC LIMIT $3
        """,
        parameters =>
        {
            Add(parameters, user);
            parameters.Add((long)MaxFound);
        },
        AssignmentColumns.Read,
        cancellationToken);

    public async ValueTask<Assignment?> GiveAsync(
        UserIdentity user, Assignment? expected, UserKeys keys, int node, long? quotaBytes, ServerTimestamp now, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(keys.Generation, UserKeys.RetiredGeneration, nameof(keys));
        return First(await LockedAsync(
            user,
            node,
            $"""
            WITH seen AS (
                SELECT coalesce(max(greatest(created, replaced)), 0) AS last, count(*) FILTER (WHERE replaced IS NULL) AS used
                FROM assignments WHERE issuer = $1 AND subject = $2
                HAVING count(*) FILTER (WHERE generation = {Retired}) = 0 AND ($8 = 0 OR EXISTS (SELECT FROM assignment_nodes n WHERE n.number = $8))
            ), freed AS (
                UPDATE assignments a SET replaced = greatest($10, s.last + 1) FROM seen s
                WHERE a.number = $3 AND a.issuer = $1 AND a.subject = $2 AND a.replaced IS NULL
                    AND a.generation = $4 AND a.fingerprint = $5 AND a.keys_changed = $6 AND a.quota IS NOT DISTINCT FROM $7
                RETURNING a.replaced AS stamp
            ), given AS (
                INSERT INTO assignments (number, issuer, subject, generation, fingerprint, keys_changed, node, created, quota)
                SELECT next_account_number(), $1, $2, $11, $12, $13, $8, stamp, $9 FROM freed
                UNION ALL
                SELECT next_account_number(), $1, $2, $11, $12, $13, $8, greatest($10, last + 1), $9 FROM seen WHERE $3 = 0 AND used = 0
                RETURNING {Columns}
            ), loaded AS (
                UPDATE assignment_nodes n SET load = n.load + 1, available = greatest(n.available - 1, 0) FROM given g WHERE n.number = g.node
            )
            SELECT {Columns} FROM given
            """,
            parameters =>
            {
                Add(parameters, user);
                parameters.Add(expected?.Number ?? 0);
                Add(parameters, expected?.Keys ?? new UserKeys(0, "", 0));
                parameters.AddNumber(expected?.QuotaBytes);
                parameters.Add(node);
                parameters.AddNumber(quotaBytes);
                parameters.Add(now.Milliseconds);
                Add(parameters, keys);
            },
            AssignmentColumns.Read,
            cancellationToken));
    }

    public async ValueTask<bool> AdvanceAsync(Assignment expected, UserKeys keys, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(keys.Generation, UserKeys.RetiredGeneration, nameof(keys));
        return await AnyAsync(
            """
            UPDATE assignments SET generation = $5, fingerprint = $6, keys_changed = $7
            WHERE number = $1 AND replaced IS NULL AND generation <= $5 AND keys_changed <= $7 AND fingerprint IN ('', $6)
                AND (generation, fingerprint, keys_changed) IN (($2, $3, $4), ($5, $6, $7))
            RETURNING number
            """,
            parameters =>
            {
                parameters.Add(expected.Number);
                Add(parameters, expected.Keys);
                Add(parameters, keys);
            },
            repeatable: true,
            cancellationToken);
    }

    public async ValueTask<bool> EndAsync(Assignment expected, bool retire, ServerTimestamp now, CancellationToken cancellationToken) =>
        (await LockedAsync(
            expected.User,
            node: 0,
            $"""
            UPDATE assignments a
            SET replaced = coalesce(a.replaced, greatest($8, a.created + 1)), generation = CASE WHEN $9 THEN {Retired} ELSE a.generation END
            WHERE a.number = $3 AND a.issuer = $1 AND a.subject = $2 AND a.generation = $4 AND a.fingerprint = $5 AND a.keys_changed = $6
                AND a.replaced IS NOT DISTINCT FROM $7 AND (a.replaced IS NULL OR ($9 AND NOT EXISTS (
                    SELECT FROM assignments u WHERE u.issuer = $1 AND u.subject = $2 AND u.replaced IS NULL)))
            RETURNING a.number
            """,
            parameters =>
            {
                Add(parameters, expected.User);
                parameters.Add(expected.Number);
                Add(parameters, expected.Keys);
                parameters.AddNumber(expected.Replaced?.Milliseconds);
                parameters.Add(now.Milliseconds);
                parameters.Add(retire);
            },
            static reader => reader.GetInt64(0),
            cancellationToken)).Count > 0;

    public async ValueTask NoteClosedAsync(long number, CancellationToken cancellationToken) => await AnyAsync(
        "UPDATE assignments SET closed = true WHERE number = $1 AND replaced IS NOT NULL RETURNING number",
        parameters => parameters.Add(number),
        repeatable: true,
        cancellationToken);

    public ValueTask<bool> SetQuotaAsync(UserIdentity user, long? quotaBytes, CancellationToken cancellationToken) => AnyAsync(
        "UPDATE assignments SET quota = $3 WHERE issuer = $1 AND subject = $2 AND replaced IS NULL RETURNING number",
        parameters =>
        {
            Add(parameters, user);
            parameters.AddNumber(quotaBytes);
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<IReadOnlyList<Assignment>> ListAsync(long after, int limit, CancellationToken cancellationToken) => await QueryAsync(
        $"SELECT {Columns} FROM assignments WHERE replaced IS NULL AND number > $1 ORDER BY number LIMIT $2",
        parameters =>
        {
            parameters.Add(after);
            parameters.Add((long)limit);
        },
        AssignmentColumns.Read,
        cancellationToken);

    public async ValueTask<IReadOnlyList<Assignment>> ListReplacedAsync(
        ServerTimestamp before, long after, int limit, CancellationToken cancellationToken) => await QueryAsync(
        $"SELECT {Columns} FROM assignments WHERE replaced < $1 AND NOT emptied AND number > $2 ORDER BY number LIMIT $3",
        parameters =>
        {
            parameters.Add(before.Milliseconds);
            parameters.Add(after);
            parameters.Add((long)limit);
        },
        AssignmentColumns.Read,
        cancellationToken);

    public async ValueTask ForgetAsync(long number, CancellationToken cancellationToken) => await AnyAsync(
        $"""
        WITH forgotten AS (DELETE FROM assignments WHERE number = $1 AND replaced IS NOT NULL AND generation <> {Retired})
        UPDATE assignments SET emptied = true WHERE number = $1 AND replaced IS NOT NULL AND generation = {Retired} RETURNING number
        """,
        parameters => parameters.Add(number),
        repeatable: true,
        cancellationToken);

    public async ValueTask<IReadOnlyList<AssignmentNode>> ListNodesAsync(CancellationToken cancellationToken) =>
        await QueryAsync($"SELECT {NodeColumns} FROM assignment_nodes ORDER BY number", static _ => { }, ReadNode, cancellationToken);

    public async ValueTask<AssignmentNode> PutNodeAsync(
        string url, int capacity, bool isDown, bool isDraining, CancellationToken cancellationToken) => (await QueryAsync(
        $"""
        WITH changed AS (
            UPDATE assignment_nodes SET capacity = $2, down = $3, draining = $4, available = least(available, greatest($2 - load, 0))
            WHERE url = $1 RETURNING {NodeColumns}
        ), added AS (
            INSERT INTO assignment_nodes AS n (url, capacity, down, draining) SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM changed)
            ON CONFLICT (url) DO UPDATE SET capacity = $2, down = $3, draining = $4, available = least(n.available, greatest($2 - n.load, 0))
            RETURNING {NodeColumns}
        )
        SELECT {NodeColumns} FROM changed UNION ALL SELECT {NodeColumns} FROM added
        """,
        parameters =>
        {
            parameters.AddText(url);
            parameters.Add(capacity);
            parameters.Add(isDown);
            parameters.Add(isDraining);
        },
        ReadNode,
        cancellationToken))[0];

    public ValueTask<bool> ReleaseAsync(double rate, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            // Two statements, so that the second one also sees nodes that others have released meanwhile. For a double, round() rounds half to even.
            await using var batch = new NpgsqlBatch(connection);
            Add(batch,
                """
                UPDATE assignment_nodes SET available = greatest(round(least(capacity * $1, capacity - load))::integer, 1)
                WHERE available <= 0 AND capacity > load AND NOT down AND NOT draining
                """,
                parameters => parameters.Add(rate));
            Add(batch, "SELECT EXISTS (SELECT FROM assignment_nodes WHERE available > 0 AND NOT down AND NOT draining)", static _ => { });
            return (bool)(await batch.ExecuteScalarAsync(cancellationToken))!;
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<bool> RemoveNodeAsync(string url, ServerTimestamp now, CancellationToken cancellationToken)
    {
        // :: Step 1: replace nearly all of its stores, some at a time, since the time of a statement is limited. The array is made once, while IN may run its query
        // again for each row if PostgreSQL takes the table for small.
        const string replace =
            """
            UPDATE assignments SET replaced = greatest($2, created + 1) WHERE replaced IS NULL AND number = ANY(ARRAY(
                SELECT a.number FROM assignments a JOIN assignment_nodes n ON n.number = a.node
                WHERE n.url = $1 AND a.replaced IS NULL AND a.node <> 0 LIMIT $3))
            RETURNING number
            """;
        while (await AnyAsync(replace, parameters => Bind(parameters, RowsAtOnce), repeatable: true, cancellationToken))
        {
        }

        // :: Step 2: remove the node, and replace the stores that were given on it meanwhile.
        return await database.UseAsync(
            async connection =>
            {
                await using var batch = new NpgsqlBatch(connection);
                batch.BatchCommands.Add(database.LockTimeoutCommand());
                Add(batch, "SELECT number FROM assignment_nodes WHERE url = $1 FOR UPDATE", parameters => parameters.AddText(url));
                Add(batch, replace, parameters => Bind(parameters, long.MaxValue));
                Add(batch, "DELETE FROM assignment_nodes WHERE url = $1 RETURNING number", parameters => parameters.AddText(url));
                await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
                for (var i = 1; i < batch.BatchCommands.Count; i++)
                {
                    await reader.NextResultAsync(cancellationToken);
                }

                return await reader.ReadAsync(cancellationToken);
            },
            repeatable: false,
            cancellationToken);

        void Bind(ParameterList parameters, long limit)
        {
            parameters.AddText(url);
            parameters.Add(now.Milliseconds);
            parameters.Add(limit);
        }
    }

    public async ValueTask AddInvitationAsync(Invitation invitation, CancellationToken cancellationToken) => await AnyAsync(
        $"INSERT INTO invitations ({InvitationColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING",
        parameters =>
        {
            parameters.AddText(invitation.Digest);
            parameters.AddText(invitation.Note);
            parameters.AddNumber(invitation.QuotaBytes);
            parameters.Add(invitation.Expires.Milliseconds);
            parameters.AddText(invitation.User?.Issuer);
            parameters.AddText(invitation.User?.Subject);
            parameters.AddText(invitation.AccountName);
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<Invitation?> FindInvitationAsync(string digest, CancellationToken cancellationToken) => First(await QueryAsync(
        $"SELECT {InvitationColumns} FROM invitations WHERE digest = $1", parameters => parameters.AddText(digest), ReadInvitation, cancellationToken));

    public async ValueTask<Invitation?> FindInvitationOfAsync(UserIdentity user, CancellationToken cancellationToken) => First(await QueryAsync(
        $"SELECT {InvitationColumns} FROM invitations WHERE issuer = $1 AND subject = $2 ORDER BY expires DESC, digest LIMIT 1",
        parameters => Add(parameters, user),
        ReadInvitation,
        cancellationToken));

    public async ValueTask<Invitation?> TakeInvitationAsync(
        string digest, UserIdentity user, ServerTimestamp now, CancellationToken cancellationToken) => First(await QueryAsync(
        $"""
        UPDATE invitations SET issuer = $2, subject = $3
        WHERE digest = $1 AND ((issuer IS NULL AND name IS NULL AND expires > $4) OR (issuer = $2 AND subject = $3))
        RETURNING {InvitationColumns}
        """,
        parameters =>
        {
            parameters.AddText(digest);
            Add(parameters, user);
            parameters.Add(now.Milliseconds);
        },
        ReadInvitation,
        cancellationToken));

    public async ValueTask<IReadOnlyList<Invitation>> ListInvitationsAsync(CancellationToken cancellationToken) => await QueryAsync(
        $"SELECT {InvitationColumns} FROM invitations WHERE issuer IS NULL ORDER BY expires, digest", static _ => { }, ReadInvitation, cancellationToken);

    public ValueTask<bool> RemoveInvitationAsync(string digest, CancellationToken cancellationToken) => AnyAsync(
        "DELETE FROM invitations WHERE digest = $1 RETURNING digest", parameters => parameters.AddText(digest), repeatable: false, cancellationToken);

    private static T? First<T>(List<T> rows)
        where T : class => rows.Count == 0 ? null : rows[0];

    private static void Add(ParameterList parameters, UserIdentity user)
    {
        parameters.AddText(user.Issuer);
        parameters.AddText(user.Subject);
    }

    private static void Add(ParameterList parameters, UserKeys keys)
    {
        parameters.Add(keys.Generation);
        parameters.AddText(keys.Fingerprint);
        parameters.Add(keys.KeysChangedAt);
    }

    private static void Add(NpgsqlBatch batch, string sql, Action<ParameterList> bind)
    {
        var command = new NpgsqlBatchCommand(sql);
        bind(new ParameterList(command.Parameters));
        batch.BatchCommands.Add(command);
    }

    /// <summary>Runs a statement in a transaction that holds the user's lock, and the node's if there is one.</summary>
    private ValueTask<List<T>> LockedAsync<T>(
        UserIdentity user, int node, string sql, Action<ParameterList> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        database.UseAsync(
            async connection =>
            {
                await using var batch = new NpgsqlBatch(connection);
                batch.BatchCommands.Add(database.LockTimeoutCommand());
                Add(batch, "SELECT pg_advisory_xact_lock($1, hashtext($2 || ' ' || $3))", parameters =>
                {
                    parameters.Add(AdvisoryLocks.SyncUser);
                    Add(parameters, user);
                });
                if (node != 0)
                {
                    Add(batch, "SELECT number FROM assignment_nodes WHERE number = $1 FOR UPDATE", parameters => parameters.Add(node));
                }

                Add(batch, sql, bind);
                await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
                for (var i = 1; i < batch.BatchCommands.Count; i++)
                {
                    await reader.NextResultAsync(cancellationToken);
                }

                return await ReadAsync(reader, read, cancellationToken);
            },
            repeatable: true,
            cancellationToken);

    private ValueTask<List<T>> QueryAsync<T>(
        string sql, Action<ParameterList> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        RunAsync(sql, bind, reader => ReadAsync(reader, read, cancellationToken), repeatable: true, cancellationToken);

    /// <returns>Whether it returned a row.</returns>
    private ValueTask<bool> AnyAsync(string sql, Action<ParameterList> bind, bool repeatable, CancellationToken cancellationToken) =>
        RunAsync(sql, bind, async reader => (await ReadAsync(reader, static _ => true, cancellationToken)).Count > 0, repeatable, cancellationToken);

    private ValueTask<T> RunAsync<T>(
        string sql, Action<ParameterList> bind, Func<NpgsqlDataReader, Task<T>> read, bool repeatable, CancellationToken cancellationToken) =>
        database.UseAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                bind(new ParameterList(command.Parameters));
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await read(reader);
            },
            repeatable,
            cancellationToken);

    private static async Task<List<T>> ReadAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        // The rows arrive before the commit. Only after the last result has the server said that it is committed.
        await reader.NextResultAsync(cancellationToken);
        return rows;
    }

    private static AssignmentNode ReadNode(NpgsqlDataReader reader) => new(
        reader.GetInt32(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetBoolean(5), reader.GetBoolean(6));

    private static Invitation ReadInvitation(NpgsqlDataReader reader) => new(
        reader.GetString(0),
        reader.GetString(1),
        reader.IsDBNull(2) ? null : reader.GetInt64(2),
        new ServerTimestamp(reader.GetInt64(3)),
        reader.IsDBNull(4) ? null : new UserIdentity(reader.GetString(4), reader.GetString(5)))
    {
        AccountName = reader.IsDBNull(6) ? null : reader.GetString(6),
    };
}
