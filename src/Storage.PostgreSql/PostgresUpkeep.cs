using System.Data;
using System.Data.Common;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Transfer;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>One connection to each database of a cluster, for commands that go through all of it. It registers no server.</summary>
public static class PostgresUpkeep
{
    // The servers' settings are for statements that look up keys and that are given up after a while.
    private const string Settings =
        "SET statement_timeout = 0; SET lock_timeout = '5s'; SET enable_seqscan = on; SET enable_mergejoin = on; SET plan_cache_mode = force_custom_plan";

    /// <param name="options">The databases.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>For each database, in the order of their numbers: the setting that names it, the connection, and the source to close after it.</returns>
    /// <exception cref="PostgresSetupException">One cannot be reached or used, or is not the one that belongs there.</exception>
    public static async Task<IReadOnlyList<(string Setting, DbConnection Connection, IAsyncDisposable Source)>> OpenAsync(
        PostgresOptions options, CancellationToken cancellationToken)
    {
        await PostgresShards.CheckAsync(options, cancellationToken);
        var opened = new List<(string, DbConnection, IAsyncDisposable)>();
        try
        {
            foreach (var database in options.Databases())
            {
                var source = PostgresConnections.CreateSource(database);
                var connection = source.CreateConnection();
                opened.Add((database.Setting, connection, source));
                await OpenAsync(connection, database.Setting, cancellationToken);
            }

            return opened;
        }
        catch
        {
            foreach (var (_, connection, source) in opened)
            {
                await connection.DisposeAsync();
                await source.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Makes the caller the only one who imports into these databases or repairs them, until the result is disposed.</summary>
    /// <param name="options">The databases.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null while somebody else does.</returns>
    /// <exception cref="PostgresSetupException">The home database cannot be reached.</exception>
    public static async Task<IAsyncDisposable?> TryLockAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        var home = options.Databases()[0];
        var source = PostgresConnections.CreateSource(home);
        HeldConnection? held = null;
        var isTaken = false;
        try
        {
            held = await HeldConnection.BeginAsync(await source.OpenConnectionAsync(cancellationToken), IsolationLevel.ReadCommitted, source.Dispose, cancellationToken);
            isTaken = await held.UseAsync(connection => ImportLock.TryTakeAsync(connection, cancellationToken));
            return isTaken ? held : null;
        }
        catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e))
        {
            throw PostgresFaults.Explain(e, home.Setting);
        }
        finally
        {
            if (held is null)
            {
                await source.DisposeAsync();
            }
            else if (!isTaken)
            {
                await held.DisposeAsync();
            }
        }
    }

    private static async Task OpenAsync(NpgsqlConnection connection, string setting, CancellationToken cancellationToken)
    {
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Settings, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw PostgresFaults.Explain(e, setting);
        }
    }
}
