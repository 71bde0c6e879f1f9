using System.Data;
using Lockstep.Core.Storage;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>A connection of the budget in a transaction, until it is disposed.</summary>
internal sealed class HeldConnection(NpgsqlConnection connection, NpgsqlTransaction transaction, Action release) : IAsyncDisposable
{
    /// <exception cref="StoreUnavailableException">PostgreSQL could not answer.</exception>
    public async ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> run)
    {
        try
        {
            return await run(connection);
        }
        catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e))
        {
            throw new StoreUnavailableException($"PostgreSQL did not answer: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
        catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e))
        {
            // Nothing was written in it.
        }
        finally
        {
            release();
        }
    }

    /// <summary>Begins the transaction on a connection that is disposed of with it.</summary>
    public static async Task<HeldConnection> BeginAsync(NpgsqlConnection connection, IsolationLevel isolation, Action release, CancellationToken cancellationToken)
    {
        try
        {
            return new HeldConnection(connection, await connection.BeginTransactionAsync(isolation, cancellationToken), release);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
