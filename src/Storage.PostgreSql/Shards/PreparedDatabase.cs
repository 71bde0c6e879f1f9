using System.Globalization;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Schema;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>A database that can be reached and used, with its schema up to date. Its place in the cluster is not checked yet.</summary>
/// <param name="Source">Makes connections. The owner of this record closes it.</param>
/// <param name="Options">Which database.</param>
/// <param name="Description">Server and database, without secrets.</param>
/// <param name="Schema">The version of its schema.</param>
internal sealed record PreparedDatabase(NpgsqlDataSource Source, PostgresOptions Options, string Description, int Schema)
{
    /// <exception cref="PostgresSetupException">It cannot be reached or used.</exception>
    public static async Task<PreparedDatabase> OpenAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        var source = PostgresConnections.CreateSource(options);
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await CheckServerAsync(connection, cancellationToken);
            var schema = await PostgresSchema.ApplyAsync(connection, PostgresSchema.Scripts, options.Migrate, cancellationToken);
            return new PreparedDatabase(
                source, options, $"{connection.Host}:{connection.Port.ToString(CultureInfo.InvariantCulture)}/{connection.Database}", schema);
        }
        catch (Exception e)
        {
            await source.DisposeAsync();
            throw e is OperationCanceledException ? e : e as PostgresSetupException ?? PostgresFaults.Explain(e, options.Setting);
        }
    }

    internal static async Task CheckServerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (connection.PostgreSqlVersion < new Version(15, 0))
        {
            throw new PostgresSetupException($"The server is PostgreSQL {connection.PostgreSqlVersion}; 15 or later is needed.");
        }

        await using var command = new NpgsqlCommand(
            "SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('server_encoding'), current_setting('transaction_isolation')",
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (synchronous, fsync, encoding, isolation) = (reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3));
        var problem = synchronous == "off" ? "synchronous_commit is off, so that a crash would lose acknowledged writes. Set it to on for this role or database."
            : fsync == "off" ? "fsync is off, so that a crash would lose the database. Set it to on."
            : encoding != "UTF8" ? $"The database's encoding is {encoding}. Make one with ENCODING 'UTF8'."
            : isolation != "read committed" ? $"default_transaction_isolation is {isolation}. Set it to 'read committed' for this role or database."
            : null;
        if (problem is not null)
        {
            throw new PostgresSetupException(problem);
        }
    }
}
