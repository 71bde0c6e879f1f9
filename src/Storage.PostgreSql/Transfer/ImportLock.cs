using System.Data;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Transfer;

/// <summary>
/// An advisory lock of PostgreSQL in the home database. At most one process at a time takes anything over into a cluster, or goes through all of it to change it. The lock is that of
/// a transaction which stays open until the end: one of a session would stay behind with a pooler, which gives the connection to somebody else. A connection that is lost loses it.
/// </summary>
internal static class ImportLock
{
    private const string Wait = "3s";

    /// <returns>Holds the lock until it is disposed; null while somebody else holds it.</returns>
    /// <exception cref="StoreUnavailableException">PostgreSQL could not answer.</exception>
    public static async Task<IAsyncDisposable?> TryTakeAsync(PostgresDatabase home, CancellationToken cancellationToken)
    {
        // With read committed, a transaction that does nothing keeps VACUUM from nothing.
        var held = await home.HoldAsync(IsolationLevel.ReadCommitted, cancellationToken);
        try
        {
            if (await held.UseAsync(connection => TryTakeAsync(connection, cancellationToken)))
            {
                return held;
            }
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }

        await held.DisposeAsync();
        return null;
    }

    /// <param name="connection">In a transaction, which keeps the lock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task<bool> TryTakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // PostgreSQL may not have noticed yet that a process was killed, so it is waited for.
        await using var command = new NpgsqlCommand(
            $"SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '{Wait}'; SELECT pg_advisory_xact_lock({AdvisoryLocks.Import})", connection);
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }
    }
}
