using System.Data;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Transfer;

/// <summary>
/// An advisory lock of PostgreSQL in the home database. At most one process at a time imports into a cluster, or goes through all of it to change it. The lock
/// belongs to a transaction that stays open until the end: with a pooler, which gives connections to others, a session's lock would stay behind. If the
/// connection is lost, so is the lock.
/// </summary>
internal static class ImportLock
{
    private const string Wait = "3s";

    /// <returns>Holds the lock until it is disposed; null while somebody else holds it.</returns>
    /// <exception cref="StoreUnavailableException">PostgreSQL could not answer.</exception>
    public static async Task<IAsyncDisposable?> TryTakeAsync(PostgresDatabase home, CancellationToken cancellationToken)
    {
        // With read committed, an idle transaction does not hold back VACUUM.
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
        // PostgreSQL may not have noticed yet that the holder's process was killed, so this waits.
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
