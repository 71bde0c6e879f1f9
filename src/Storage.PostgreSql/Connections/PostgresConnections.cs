using Npgsql;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>How this program connects.</summary>
internal static class PostgresConnections
{
    // All statements look up keys or read along an index, whatever the arrays contain. So a plan that was made once is always right, and the planner's
    // estimates of new tables must not make it scan them.
    private const string PlanSettings =
        "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off; SET enable_mergejoin = off; SET max_parallel_workers_per_gather = 0";

    // A statement that nobody waits for must not keep running and hold locks. Transactions have no time-out: the only one that is
    // idle for long holds the lock on an account's name, which must not be lost silently.
    private static string SessionSettings(PostgresOptions options) => FormattableString.Invariant(
        $"{PlanSettings}; SET statement_timeout = {(long)options.StatementTimeout.TotalMilliseconds}; SET lock_timeout = {(long)options.LockTimeout.TotalMilliseconds}");

    /// <summary>In a transaction: the following statements may take any time.</summary>
    public const string WithoutTimeouts = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";

    /// <exception cref="PostgresSetupException">The connection string is invalid.</exception>
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
                // Npgsql requires two hosts for this. One may well stand for several: a name or a proxy that follows the primary.
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

    /// <exception cref="PostgresSetupException">The connection string is invalid.</exception>
    public static NpgsqlDataSource CreateSource(PostgresOptions options)
    {
        var connection = Parse(options);
        connection.ApplicationName ??= "lockstep";
        connection.MaxPoolSize = options.MaxConnections;
        connection.MaxAutoPrepare = options.PreparedStatements ? 100 : 0;
        connection.AutoPrepareMinUsages = 2;
        connection.NoResetOnClose = true;

        // A statement that takes too long is given up with its connection, not cancelled: PostgreSQL reports a cancelled wait for a synchronous standby as a
        // commit, although no standby has it.
        connection.CancellationTimeout = -1;

        // Zero, or more time than a statement may take, would be longer than anybody waits.
        connection.Timeout = connection.Timeout == 0 ? connection.CommandTimeout : Math.Min(connection.Timeout, connection.CommandTimeout);
        var settings = SessionSettings(options);

        // Otherwise Npgsql's metrics would name the pool by the connection string, less the password.
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
