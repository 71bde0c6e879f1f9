using System.Data.Common;
using System.Globalization;

namespace Lockstep.Storage.Upkeep;

/// <summary>
/// A database for commands that go through all of it: one connection, and statements that both engines understand. Parameters are written as <c>$1</c>, <c>$2</c>, …
/// </summary>
/// <param name="name">Its name for people: a file, or a setting.</param>
/// <param name="dialect">The parts that only its engine understands.</param>
/// <param name="connection">An open connection to a database with the schema of this program. It is closed with this.</param>
/// <param name="isHome">Whether it has the accounts and everything that belongs to them.</param>
/// <param name="source">The source of the connection, to be closed after it. Default: none.</param>
public sealed class UpkeepDatabase(string name, UpkeepDialect dialect, DbConnection connection, bool isHome, IAsyncDisposable? source = null) : IAsyncDisposable
{
    public string Name => name;

    public UpkeepDialect Dialect => dialect;

    public bool IsHome => isHome;

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        if (source is not null)
        {
            await source.DisposeAsync();
        }
    }

    /// <returns>The number of changed rows.</returns>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <returns>A number; zero for null.</returns>
    public async Task<long> NumberAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteScalarAsync(cancellationToken) is { } number and not DBNull ? Convert.ToInt64(number, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>Reads all rows of a statement that limits their number itself.</summary>
    public async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params object?[] values)
    {
        var rows = new List<T>();
        await using var command = Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Reads rows one by one.</summary>
    /// <returns>The number of rows.</returns>
    public async Task<long> EachAsync(string sql, Action<DbDataReader> read, CancellationToken cancellationToken, params object?[] values)
    {
        var rows = 0L;
        await using var command = Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        for (; await reader.ReadAsync(cancellationToken); rows++)
        {
            read(reader);
        }

        return rows;
    }

    /// <summary>Runs statements in one transaction that writes: all of them take effect, or none.</summary>
    public Task InTransactionAsync(Func<Task> run, CancellationToken cancellationToken) => BetweenAsync(dialect.BeginWrite, run, cancellationToken);

    /// <summary>In a transaction: makes sure that no server uses the database, and that none begins to until its end. On SQLite, a lock of the caller does that.</summary>
    /// <exception cref="UpkeepException">A server uses it.</exception>
    public async Task KeepServersOutAsync(CancellationToken cancellationToken)
    {
        if (dialect.KeepServersOut is { } lockTable)
        {
            await ExecuteAsync(lockTable, cancellationToken);
        }

        if (dialect.CountServers is { } count && await NumberAsync(count, cancellationToken) > 0)
        {
            throw new UpkeepException($"{name}: a server runs on the database, or was killed less than 15 seconds ago. Stop all servers first.");
        }
    }

    /// <summary>Runs reads on one snapshot.</summary>
    public Task InSnapshotAsync(Func<Task> run, CancellationToken cancellationToken) => BetweenAsync(dialect.BeginRead, run, cancellationToken);

    private async Task BetweenAsync(string begin, Func<Task> run, CancellationToken cancellationToken)
    {
        await ExecuteAsync(begin, cancellationToken);
        try
        {
            await run();
        }
        catch
        {
            try
            {
                await ExecuteAsync("ROLLBACK", CancellationToken.None);
            }
            catch (DbException)
            {
                // The connection is lost, or the engine has already rolled back. The first exception says why it failed.
            }

            throw;
        }

        await ExecuteAsync("COMMIT", cancellationToken);
    }

    private DbCommand Command(string sql, object?[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            if (dialect.NamesParameters)
            {
                parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i + 1}");
            }

            parameter.Value = values[i] ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
