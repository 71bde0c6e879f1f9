using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Schema;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>The state of a database. Nothing is changed there.</summary>
/// <param name="Setting">The setting that names it.</param>
/// <param name="Place">Server and database, without secrets.</param>
/// <param name="Version">PostgreSQL's version.</param>
/// <param name="Settings">Settings of PostgreSQL that are in force for this role.</param>
/// <param name="Encoding">Its encoding.</param>
/// <param name="IsStandby">Whether it cannot be written to because it follows another server.</param>
/// <param name="IsReadOnly">Whether transactions of this role are read-only.</param>
/// <param name="Connections">The current connections of everybody.</param>
/// <param name="Ahead">How far its clock is ahead of this machine's.</param>
/// <param name="Schema">The version of its schema; zero for none.</param>
/// <param name="Servers">Servers that use it.</param>
/// <param name="MayWrite">Whether the role may read and write the tables; null if there are no tables.</param>
/// <param name="MayCreate">Whether it may make tables.</param>
public sealed record PostgresState(
    string Setting, string Place, Version Version, IReadOnlyDictionary<string, string> Settings, string Encoding, bool IsStandby, bool IsReadOnly, long Connections, TimeSpan Ahead,
    int Schema, long Servers, bool? MayWrite, bool MayCreate)
{
    private static readonly string[] Wanted =
        ["fsync", "full_page_writes", "synchronous_commit", "default_transaction_isolation", "max_connections", "superuser_reserved_connections", "idle_in_transaction_session_timeout"];

    /// <summary>The version of the schema that this program makes.</summary>
    public static int NewestSchema => PostgresSchema.Scripts[^1].Number;

    /// <summary>Reads the state of each database of a cluster.</summary>
    /// <param name="options">The databases.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>For each database the setting that names it, and its state or the reason why it cannot be read.</returns>
    /// <exception cref="PostgresSetupException">The numbers of the databases have a gap.</exception>
    public static async Task<IReadOnlyList<(string Setting, PostgresState? State, string? Fault)>> AskAsync(PostgresOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = new List<(string, PostgresState?, string?)>();
        foreach (var database in options.Databases())
        {
            try
            {
                found.Add((database.Setting, await AskOneAsync(database, time, cancellationToken), null));
            }
            catch (PostgresSetupException e)
            {
                found.Add((database.Setting, null, e.Message));
            }
        }

        return found;
    }

    private static async Task<PostgresState> AskOneAsync(PostgresOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var source = PostgresConnections.CreateSource(options);
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            var settings = new Dictionary<string, string>(StringComparer.Ordinal);
            await using (var command = new NpgsqlCommand("SELECT name, current_setting(name) FROM unnest($1) AS s (name)", connection))
            {
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Wanted });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    settings[reader.GetString(0)] = reader.GetString(1);
                }
            }

            var (encoding, isStandby, isReadOnly, connections, hasSchema, mayCreate) = await ReadAsync(
                connection,
                "SELECT current_setting('server_encoding'), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), to_regclass('schema_version') IS NOT NULL, has_schema_privilege('public', 'CREATE')",
                static reader => (reader.GetString(0), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetInt64(3), reader.GetBoolean(4), reader.GetBoolean(5)),
                cancellationToken);
            var before = time.GetUtcNow();
            var theirs = await ReadAsync(connection, "SELECT clock_timestamp()", static reader => reader.GetFieldValue<DateTimeOffset>(0), cancellationToken);
            var ours = before + ((time.GetUtcNow() - before) / 2);
            var (schema, servers, mayWrite) = (0, 0L, default(bool?));
            if (hasSchema)
            {
                schema = await ReadAsync(connection, "SELECT coalesce(max(version), 0) FROM schema_version", static reader => reader.GetInt32(0), cancellationToken);
                servers = await ReadAsync(connection, "SELECT count(*) FROM processes WHERE renewed > clock_timestamp() - interval '15 seconds'", static reader => reader.GetInt64(0), cancellationToken);
                mayWrite = await ReadAsync(
                    connection,
                    "SELECT bool_and(has_table_privilege(t, 'SELECT') AND has_table_privilege(t, 'INSERT') AND has_table_privilege(t, 'UPDATE') AND has_table_privilege(t, 'DELETE')) FROM unnest(ARRAY['buckets', 'lists', 'records', 'orphans', 'grants', 'accounts', 'processes']) AS t",
                    static reader => reader.GetBoolean(0), cancellationToken);
            }

            return new PostgresState(
                options.Setting, $"{connection.Host}:{connection.Port}/{connection.Database}", connection.PostgreSqlVersion, settings, encoding, isStandby, isReadOnly, connections, theirs - ours, schema, servers, mayWrite, mayCreate);
        }
        catch (Exception e) when (e is not (OperationCanceledException or PostgresSetupException))
        {
            throw PostgresFaults.Explain(e, options.Setting);
        }
        finally
        {
            await source.DisposeAsync();
        }
    }

    private static async Task<T> ReadAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return read(reader);
    }
}
