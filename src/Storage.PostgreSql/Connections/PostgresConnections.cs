using Npgsql;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>How this program connects.</summary>
internal static class PostgresConnections
{
    // All statements look up keys or read along an index, whatever the arrays hold: a plan made once is right for ever, and
    // what the planner believes of tables that were just made must not send it through all of them.
    private const string PlanSettings =
        "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off; SET enable_mergejoin = off; SET max_parallel_workers_per_gather = 0";

    // What nobody waits for any more must not run on there, holding locks. No time-out of a transaction: the only one that is
    // idle for long holds the lock on an account's name, and it must not be lost without a word.
    private static string SessionSettings(PostgresOptions options) => FormattableString.Invariant(
        $"{PlanSettings}; SET statement_timeout = {(long)options.StatementTimeout.TotalMilliseconds}; SET lock_timeout = {(long)options.LockTimeout.TotalMilliseconds}");

    /// <summary>In a transaction: what follows in it may take as long as it takes.</summary>
    public const string WithoutTimeouts = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";

    /// <exception cref="PostgresSetupException">The connection string is none.</exception>
    public static NpgsqlConnectionStringBuilder Parse(PostgresOptions options)
    {
        if (options.Connection is not { Length: > 0 })
        {
            throw new PostgresSetupException($"{options.Setting} is not set.");
        }

        try
        {
            var connection = new NpgsqlConnectionStringBuilder(
                ConnectionUri.IsOne(options.Connection) ? ConnectionUri.ToConnectionString(options.Connection) : options.Connection)
            {
                CommandTimeout = (int)options.CommandTimeout.TotalSeconds,
                TcpKeepAlive = true,
                Enlist = false,
                IncludeErrorDetail = false,
            };
            if (connection is { TargetSessionAttributes: not null, Host: { Length: > 0 } host } && !host.Contains(',', StringComparison.Ordinal))
            {
                // Npgsql wants two hosts for it. One may well stand for several, a name or a proxy that follows the primary.
                connection.Host = $"{host},{host}";
            }

            return connection;
        }
        catch (FormatException e)
        {
            throw new PostgresSetupException($"{options.Setting} cannot be read. {(ConnectionUri.IsOne(options.Connection) ? e.Message : "A value is no number.")}", e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidCastException or OverflowException)
        {
            // Npgsql's message may repeat a part of the string, and that may be the password.
            throw new PostgresSetupException(
                $"{options.Setting} is no connection string. Use something like Host=db;Database=lockstep;Username=lockstep;Passfile=/run/secrets/pgpass.", e);
        }
    }

    /// <exception cref="PostgresSetupException">The connection string is none.</exception>
    public static NpgsqlDataSource CreateSource(PostgresOptions options)
    {
        var connection = Parse(options);
        connection.ApplicationName ??= "lockstep";
        connection.MaxPoolSize = options.MaxConnections;
        connection.MaxAutoPrepare = options.PreparedStatements ? 100 : 0;
        connection.AutoPrepareMinUsages = 2;
        connection.NoResetOnClose = true;

        // What takes too long is given up with its connection, not cancelled: a cancelled wait for a synchronous standby is
        // reported as a commit, though no standby has it.
        connection.CancellationTimeout = -1;

        // Zero, and what takes longer than a statement may, would be longer than anybody waits.
        connection.Timeout = connection.Timeout == 0 ? connection.CommandTimeout : Math.Min(connection.Timeout, connection.CommandTimeout);
        var settings = SessionSettings(options);

        // Else the pool's name in Npgsql's metrics is the connection string, less the password.
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString) { Name = "lockstep" };
        builder.UsePhysicalConnectionInitializer(
            opened =>
            {
                using var command = new NpgsqlCommand(settings, opened);
                command.ExecuteNonQuery();
            },
            async opened =>
            {
                await using var command = new NpgsqlCommand(settings, opened);
                await command.ExecuteNonQueryAsync();
            });
        try
        {
            return connection.Host?.Contains(',', StringComparison.Ordinal) == true || connection.TargetSessionAttributes is not null
                ? builder.BuildMultiHost()
                : builder.Build();
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException)
        {
            throw new PostgresSetupException(
                $"{options.Setting} cannot be used: the host is missing, or two of its values do not go together (those that this program sets itself are in docs/operations/postgresql.md).", e);
        }
    }
}
