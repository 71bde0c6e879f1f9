using Npgsql;

namespace Lockstep.Storage.PostgreSql.Accounts;

/// <summary>A lock that all processes of a database see, held by a transaction that does nothing else.</summary>
internal sealed class HeldLock(NpgsqlConnection connection, NpgsqlTransaction transaction, SemaphoreSlim budget) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
        budget.Release();
    }
}
