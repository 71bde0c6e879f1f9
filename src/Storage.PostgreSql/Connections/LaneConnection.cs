using Npgsql;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>A connection that one worker keeps, opened when needed and again after it broke. For one user at a time.</summary>
internal sealed class LaneConnection(NpgsqlDataSource source) : IAsyncDisposable
{
    private NpgsqlConnection? connection;

    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (connection is { FullState: not System.Data.ConnectionState.Open })
        {
            await CloseAsync();
        }

        return connection ??= await source.OpenConnectionAsync(cancellationToken);
    }

    /// <summary>
    /// Waits for a statement on this connection until patience ends. A statement that is given up is not cancelled; <see cref="PostgresConnections"/> says why.
    /// It runs until its own time-out, on a connection that is then closed and used for nothing else.
    /// </summary>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    public async Task<T> WaitAsync<T>(Task<T> statement, CancellationToken patience)
    {
        try
        {
            return await statement.WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            if (statement.IsCompleted)
            {
                // It ended at the last moment.
                return await statement;
            }

            var left = new LaneConnection(source) { connection = connection };
            connection = null;
            _ = statement.ContinueWith(_ => left.DropAsync().AsTask(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Closes the connection for good, because a fault may have broken it. The next use opens another.</summary>
    public async ValueTask CloseAsync()
    {
        var broken = connection;
        connection = null;
        if (broken is not null)
        {
            await broken.DisposeAsync();
        }
    }

    /// <summary>Like <see cref="CloseAsync"/>, for a connection that may be so broken that closing it fails too.</summary>
    public async ValueTask DropAsync()
    {
        try
        {
            await CloseAsync();
        }
        catch (Exception)
        {
            // The connection is forgotten all the same, and the fault that broke it was caught already.
        }
    }

    /// <summary>Never throws, since others are disposed of after it.</summary>
    public ValueTask DisposeAsync() => DropAsync();
}
