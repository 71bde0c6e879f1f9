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
    /// Waits for a statement on it no longer than that. One that is given up is not cancelled (<see cref="PostgresConnections"/> says
    /// why): it goes on to the end of its own time-out, on a connection that is closed then and used for nothing else.
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
                // At the last moment.
                return await statement;
            }

            var left = new LaneConnection(source) { connection = connection };
            connection = null;
            _ = statement.ContinueWith(_ => left.DropAsync().AsTask(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Closes it for good where the fault may have broken it; the next use opens another.</summary>
    public async ValueTask CloseAsync()
    {
        var broken = connection;
        connection = null;
        if (broken is not null)
        {
            await broken.DisposeAsync();
        }
    }

    /// <summary>As <see cref="CloseAsync"/>, for a connection that may be so broken that closing it fails too.</summary>
    public async ValueTask DropAsync()
    {
        try
        {
            await CloseAsync();
        }
        catch (Exception)
        {
            // It is forgotten all the same, and what broke it has been caught already.
        }
    }

    /// <summary>Others are disposed of after it, whatever becomes of it.</summary>
    public ValueTask DisposeAsync() => DropAsync();
}
