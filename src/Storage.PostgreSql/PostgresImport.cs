using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Commits;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Lockstep.Storage.PostgreSql.Schema;
using Lockstep.Storage.PostgreSql.Shards;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>
/// Takes over the contents of another storage, with versions, clocks and keys unchanged, so that devices notice nothing.
/// Invariants:
/// <list type="number">
/// <item>From the first row to the last, a mark in the database keeps servers from starting on it.</item>
/// <item>A bucket's row gets its version only once all its rows are there. So the finished buckets are always known,
/// and running it again continues after an interruption.</item>
/// </list>
/// </summary>
public sealed class PostgresImport : IAsyncDisposable
{
    internal const string Mark = "copying";

    private readonly NpgsqlDataSource source;
    private readonly NpgsqlConnection connection;

    private PostgresImport(NpgsqlDataSource source, NpgsqlConnection connection)
    {
        this.source = source;
        this.connection = connection;
    }

    /// <summary>Connects, brings the schema up to date, and marks the database.</summary>
    /// <param name="options">The database.</param>
    /// <param name="cluster">Names the origin.</param>
    /// <param name="secret">The origin's secret, with which ids were derived.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="PostgresSetupException">The database is in use, or holds something else.</exception>
    public static async Task<PostgresImport> BeginAsync(
        PostgresOptions options, string cluster, ReadOnlyMemory<byte> secret, CancellationToken cancellationToken)
    {
        var connections = PostgresConnections.CreateSource(options);
        NpgsqlConnection? opened = null;
        try
        {
            opened = await connections.OpenConnectionAsync(cancellationToken);
            await PreparedDatabase.CheckServerAsync(opened, cancellationToken);

            // Nobody else uses the database, and only the command's user waits.
            await using (var patience = new NpgsqlCommand("SET statement_timeout = 0; SET lock_timeout = 0", opened))
            {
                await patience.ExecuteNonQueryAsync(cancellationToken);
            }

            await PostgresSchema.ApplyAsync(opened, PostgresSchema.Scripts, migrate: true, cancellationToken);
            await MarkAsync(opened, cluster, Convert.ToHexString(secret.Span), cancellationToken);
            return new PostgresImport(connections, opened);
        }
        catch (Exception e)
        {
            if (opened is not null)
            {
                await opened.DisposeAsync();
            }

            await connections.DisposeAsync();
            throw e is PostgresSetupException or OperationCanceledException ? e : PostgresFaults.Explain(e, options.Setting);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await source.DisposeAsync();
    }

    /// <summary>Accounts with their numbers. Each run takes them over completely, so there are none before.</summary>
    public async Task AddAccountsAsync(IReadOnlyList<Account> accounts, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO accounts (number, name, password, modified, deleting, since, administrator, disabled) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            """, connection);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(accounts, static account => account.Number);
        parameters.AddText(accounts, static account => account.Name);
        parameters.AddText(accounts, static account => account.PasswordHash);
        parameters.Add(accounts, static account => account.Modified.Milliseconds);
        parameters.Add(accounts, static account => account.IsBeingDeleted);
        parameters.Add(accounts, static account => account.Since.Milliseconds);
        parameters.Add(accounts, static account => account.IsAdministrator);
        parameters.Add(accounts, static account => account.IsDisabled);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Numbers of closed accounts, and whether an account is closed only until it is enabled. Each run takes them over completely, as it does everything below except buckets.</summary>
    public async Task AddClosedAccountsAsync(IReadOnlyList<(long Number, bool IsDisabled)> closed, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("INSERT INTO closed_accounts (number, disabled) SELECT * FROM unnest($1, $2)", connection);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(closed, static one => one.Number);
        parameters.Add(closed, static one => one.IsDisabled);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Stores of users with their numbers, and whether their data is gone.</summary>
    public async Task AddAssignmentsAsync(IReadOnlyList<(Assignment Assignment, bool IsEmptied)> rows, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            INSERT INTO assignments ({AssignmentColumns.Names}, emptied) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """, connection);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(rows, static row => row.Assignment.Number);
        parameters.AddText(rows, static row => row.Assignment.User.Issuer);
        parameters.AddText(rows, static row => row.Assignment.User.Subject);
        parameters.Add(rows, static row => row.Assignment.Keys.Generation);
        parameters.AddText(rows, static row => row.Assignment.Keys.Fingerprint);
        parameters.Add(rows, static row => row.Assignment.Keys.KeysChangedAt);
        parameters.Add(rows, static row => row.Assignment.Node);
        parameters.Add(rows, static row => row.Assignment.Created.Milliseconds);
        parameters.Add(rows, static row => row.Assignment.Replaced?.Milliseconds);
        parameters.Add(rows, static row => row.Assignment.IsClosed);
        parameters.Add(rows, static row => row.Assignment.QuotaBytes);
        parameters.Add(rows, static row => row.IsEmptied);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The stamp at which buckets begin that were never written, if the origin was restored from a backup.</summary>
    public async Task SetFloorAsync(ServerTimestamp floor, CancellationToken cancellationToken)
    {
        if (floor > ServerTimestamp.Zero)
        {
            await using var command = new NpgsqlCommand("INSERT INTO meta (name, value) VALUES ('floor', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value", connection);
            new ParameterList(command.Parameters).AddText($"{floor}");
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>All nodes with their numbers, and all invitations.</summary>
    public async Task AddNodesAsync(IReadOnlyList<AssignmentNode> nodes, IReadOnlyList<Invitation> invitations, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        var command = new NpgsqlBatchCommand(
            """
            INSERT INTO assignment_nodes (number, url, available, load, capacity, down, draining) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
            """);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(nodes, static node => node.Number);
        parameters.AddText(nodes, static node => node.Url);
        parameters.Add(nodes, static node => node.Available);
        parameters.Add(nodes, static node => node.Load);
        parameters.Add(nodes, static node => node.Capacity);
        parameters.Add(nodes, static node => node.IsDown);
        parameters.Add(nodes, static node => node.IsDraining);
        batch.BatchCommands.Add(command);
        command = new NpgsqlBatchCommand(
            "INSERT INTO invitations (digest, note, quota, expires, issuer, subject, name) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)");
        parameters = new ParameterList(command.Parameters);
        parameters.AddText(invitations, static one => one.Digest);
        parameters.AddText(invitations, static one => one.Note);
        parameters.Add(invitations, static one => one.QuotaBytes);
        parameters.Add(invitations, static one => one.Expires.Milliseconds);
        parameters.AddText(invitations, static one => one.User?.Issuer);
        parameters.AddText(invitations, static one => one.User?.Subject);
        parameters.AddText(invitations, static one => one.AccountName);
        batch.BatchCommands.Add(command);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Rows of one of <see cref="Core.KeyedAccounts.KeyedAccountTables"/>. Each run takes them over completely.</summary>
    public async Task AddKeyedAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        var sql = $"INSERT INTO {table} ({string.Join(", ", columns.Select(static column => column.TrimStart('?')))}) VALUES ({string.Join(", ", columns.Select(static (_, i) => FormattableString.Invariant($"${i + 1}")))})";
        foreach (var row in rows)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in row)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
            }

            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Files. Each run takes them over completely. They count as new at the time of the run.</summary>
    public async Task AddAttachmentsAsync(IReadOnlyList<Attachment> files, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO attachments (id, bucket, collection, record, created, file_name, media_type, size, hash, looked_at)
            SELECT *, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """, connection);
        var parameters = new ParameterList(command.Parameters);
        parameters.AddText(files, static file => file.Id);
        parameters.AddText(files, static file => file.Bucket.Value);
        parameters.AddText(files, static file => file.Collection);
        parameters.AddText(files, static file => file.Record);
        parameters.Add(files, static file => file.Created.Milliseconds);
        parameters.AddText(files, static file => file.FileName);
        parameters.AddText(files, static file => file.MediaType);
        parameters.Add(files, static file => file.Size!.Value);
        parameters.AddText(files, static file => file.Hash);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A piece of a file's content.</summary>
    public async Task AddPieceAsync(string file, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("INSERT INTO attachment_pieces (attachment, number, content) VALUES ($1, $2, $3)", connection);
        var parameters = new ParameterList(command.Parameters);
        parameters.AddText(file);
        parameters.Add(number);
        parameters.Add(piece);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Prepares for some buckets. Unfinished buckets then have a row here, and nothing else.</summary>
    /// <param name="buckets">Their heads in the origin.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Rows of the buckets to copy, by id, without finished ones.</returns>
    public async Task<IReadOnlyDictionary<BucketId, long>> BeginBucketsAsync(IReadOnlyList<BucketHeads> buckets, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in new[]
        {
            "INSERT INTO buckets (id, kind) SELECT id, kind FROM unnest($1, $2, $3) AS i (id, kind, version) ON CONFLICT (id) DO NOTHING",
            """
            WITH cleared AS (
                UPDATE buckets b SET version = 0 FROM unnest($1, $2, $3) AS i (id, kind, version) WHERE b.id = i.id AND b.version <> i.version RETURNING b.bucket
            ), unlisted AS (DELETE FROM lists l USING cleared c WHERE l.bucket = c.bucket
            ), ungranted AS (DELETE FROM grants g USING cleared c WHERE g.bucket = c.bucket
            ), unindexed AS (DELETE FROM field_indexes f USING cleared c WHERE f.bucket = c.bucket
            ), unkeyed AS (DELETE FROM field_keys k USING cleared c WHERE k.bucket = c.bucket)
            DELETE FROM records r USING cleared c WHERE r.bucket = c.bucket
            """,
            "SELECT b.id, b.bucket FROM unnest($1, $2, $3) AS i (id, kind, version) JOIN buckets b ON b.id = i.id WHERE b.version = 0",
        })
        {
            var command = new NpgsqlBatchCommand(sql);
            var parameters = new ParameterList(command.Parameters);
            parameters.AddText(buckets, static heads => heads.Id.Value);
            parameters.Add(buckets, static heads => (short)heads.Id.Kind);
            parameters.Add(buckets, static heads => heads.Version);
            batch.BatchCommands.Add(command);
        }

        var rows = new Dictionary<BucketId, long>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(BucketId.Parse(reader.GetString(0)), reader.GetInt64(1));
        }

        return rows;
    }

    /// <param name="records">Row of the bucket, key of the list, and the record.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task AddRecordsAsync(IReadOnlyList<(long Bucket, int List, StoredRecord Record)> records, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"INSERT INTO records (bucket, list, {RecordColumns.Names}) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", connection);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(records, static row => row.Bucket);
        parameters.Add(records, static row => row.List);
        CommitStatement.AddRecords(parameters, records, static row => row.Record);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <param name="grants">Row of the bucket, and the rows of its index of principals.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task AddGrantsAsync(IReadOnlyList<(long Bucket, GrantKey Key, ServerTimestamp Stamp)> grants, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "INSERT INTO grants (bucket, list, relation, principal, id, stamp) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)", connection);
        var parameters = new ParameterList(command.Parameters);
        CommitStatement.AddGrants(parameters, grants, static grant => grant.Bucket, static grant => grant.Key);
        parameters.Add(grants, static grant => grant.Stamp.Milliseconds);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes lists and heads, which marks the buckets as finished.</summary>
    /// <param name="buckets">Heads whose <see cref="BucketHeads.Row"/> is the row here.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task EndBucketsAsync(IReadOnlyList<BucketHeads> buckets, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        var lists = new NpgsqlBatchCommand(
            $"INSERT INTO lists (bucket, {ListColumns.Names}, acl_list) SELECT i.*, i.list FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS i (bucket, {ListColumns.Names})");
        var all = buckets.SelectMany(static heads => heads.Lists.Values, static (heads, list) => (heads.Row, list)).ToList();
        var listed = new ParameterList(lists.Parameters);
        CommitStatement.AddLists(listed, all);
        listed.Add(all, static row => CommitStatement.AclOf(row.list));
        batch.BatchCommands.Add(lists);
        var heads = new NpgsqlBatchCommand(
            """
            UPDATE buckets b SET version = i.version, clock = i.clock, live = i.live, base = i.base, next_key = i.next_key, author = i.author,
                author_number = i.author_number, author_base = i.base
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS i (bucket, version, clock, live, base, next_key, author, author_number) WHERE b.bucket = i.bucket
            """);
        CommitStatement.AddHeads(new ParameterList(heads.Parameters), buckets, static heads => heads.Row, static heads => heads);
        batch.BatchCommands.Add(heads);

        // The servers build indexes on fields again.
        var indexes = new NpgsqlBatchCommand(
            """
            INSERT INTO field_indexes (bucket, field, list, path, touched, whole, built, built_to) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            """);
        CommitStatement.AddIndexes(new ParameterList(indexes.Parameters), [.. all.SelectMany(
            static row => row.list.Indexes, static (row, index) => (row.Row, new FieldIndexChange(row.list.Key, new FieldIndex(index.Key, index.Path), row.list.Touched)))]);
        batch.BatchCommands.Add(indexes);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Compares the contents with the expected counts, and removes the mark.</summary>
    /// <param name="expected">The counts of the origin.</param>
    /// <param name="lastAccount">The highest number that an account or a user's store ever had there.</param>
    /// <param name="lastNode">The highest number that a node ever had there.</param>
    /// <param name="lastCommand">The highest number that a command for a device ever had there.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="PostgresSetupException">Something is missing.</exception>
    public async Task EndAsync(
        (long Buckets, long Records, long Accounts, long Assignments) expected, long lastAccount, long lastNode, long lastCommand, CancellationToken cancellationToken)
    {
        await using (var count = new NpgsqlCommand(
            """
            SELECT (SELECT count(*) FROM buckets WHERE version > 0), (SELECT count(*) FROM records), (SELECT count(*) FROM accounts),
                   (SELECT count(*) FROM assignments)
            """, connection) { CommandTimeout = 0 })
        await using (var reader = await count.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            var found = (Buckets: reader.GetInt64(0), Records: reader.GetInt64(1), Accounts: reader.GetInt64(2), Assignments: reader.GetInt64(3));
            if (found != expected)
            {
                throw new PostgresSetupException(
                    $"The copy has {found.Buckets} buckets, {found.Records} records, {found.Accounts} accounts and {found.Assignments} stores of users instead of {expected.Buckets}, {expected.Records}, {expected.Accounts} and {expected.Assignments}. Empty the database and copy again.");
            }
        }

        foreach (var sql in new[]
        {
            FormattableString.Invariant($"SELECT setval(pg_get_serial_sequence('accounts', 'number'), greatest((SELECT max(number) FROM accounts), (SELECT max(number) FROM assignments), {lastAccount}, 1))"),
            FormattableString.Invariant($"SELECT setval(pg_get_serial_sequence('assignment_nodes', 'number'), greatest((SELECT max(number) FROM assignment_nodes), {lastNode}, 1))"),
            FormattableString.Invariant($"SELECT setval(pg_get_serial_sequence('device_commands', 'number'), greatest({lastCommand}, 1))"),
            "ANALYZE",
            $"DELETE FROM meta WHERE name = '{Mark}'",
        })
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private static async Task MarkAsync(NpgsqlConnection connection, string cluster, string secret, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var alone = new NpgsqlCommand("LOCK TABLE meta", connection))
        {
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var look = new NpgsqlCommand(
            $"""
            SELECT (SELECT value FROM meta WHERE name = '{Mark}'),
                   EXISTS (SELECT FROM buckets) OR EXISTS (SELECT FROM accounts) OR EXISTS (SELECT FROM assignments)
                       OR EXISTS (SELECT FROM assignment_nodes) OR EXISTS (SELECT FROM invitations),
                   EXISTS (SELECT FROM processes WHERE renewed > clock_timestamp() - interval '15 seconds'),
                   EXISTS (SELECT FROM meta WHERE name = 'cluster' AND value = $1),
                   EXISTS (SELECT FROM meta WHERE name = '{DatabaseIdentity.MapName}' AND value <> $2)
            """, connection);
        var parameters = new ParameterList(look.Parameters);
        parameters.AddText(cluster);
        parameters.AddText(ShardMap.Even(1).Text);
        await using (var reader = await look.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            var origin = reader.IsDBNull(0) ? null : reader.GetString(0);
            var problem = reader.GetBoolean(4) ? "The database is one of several of a cluster. Copy into one that stands by itself."
                : reader.GetBoolean(2) ? "A server runs on the database. Stop it first."
                : origin is null && reader.GetBoolean(1) && reader.GetBoolean(3) ? "This copy was made and ended before; nothing was done. Start the server."
                : origin is null && reader.GetBoolean(1) ? "The database holds buckets or accounts already. Copy into an empty one."
                : origin is not null && !string.Equals(origin, cluster, StringComparison.Ordinal)
                    ? $"A copy from another database ({origin}) was begun and not ended. End that one, or copy into an empty database."
                : null;
            if (problem is not null)
            {
                throw new PostgresSetupException(problem);
            }
        }

        // From an interrupted run; the origin may have changed since.
        await using (var begin = new NpgsqlCommand(
            "DELETE FROM accounts; DELETE FROM closed_accounts; DELETE FROM assignments; DELETE FROM assignment_nodes; DELETE FROM invitations; DELETE FROM attachments; DELETE FROM attachment_pieces; "
            + string.Concat(KeyedAccountTables.All.Select(static one => $"DELETE FROM {one.Table}; ")), connection))
        {
            await begin.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var mark = new NpgsqlCommand(
            $"INSERT INTO meta (name, value) VALUES ('{Mark}', $1), ('cluster', $1), ('secret', $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            connection))
        {
            var facts = new ParameterList(mark.Parameters);
            facts.AddText(cluster);
            facts.AddText(secret);
            await mark.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
