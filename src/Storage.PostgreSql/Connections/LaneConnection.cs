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
