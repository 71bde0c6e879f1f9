using Lockstep.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite;

/// <summary>A connection for reads that only its holder uses until it is disposed, so that a transaction can last over several reads.</summary>
internal sealed class HeldReader(SqliteStatements statements, string path) : IDisposable
{
    /// <exception cref="StoreUnavailableException">SQLite could not answer.</exception>
    public T Read<T>(Func<SqliteStatements, T> run)
    {
        try
        {
            return run(statements);
        }
        catch (SqliteException e)
        {
            throw new StoreUnavailableException($"Cannot read '{path}': {e.Message}", e);
        }
    }

    public void Dispose() => statements.Dispose();
}
