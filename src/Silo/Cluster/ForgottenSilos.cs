using Lockstep.Silo.Hosting;
using System.Net;
using Npgsql;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// A silo that joins must reach all silos that the table calls active. When all died at once and come back at other addresses, nobody is left to declare the old ones
/// dead, and nobody could ever join. So a silo that waits to join declares any silo dead that has given no sign of life for
/// <see cref="Unseen"/>, by the database's clock, and accepts no connection.
/// </summary>
internal sealed partial class ForgottenSilos(
    string connection, LockstepOptions options, ISiloStatusOracle silos, TimeProvider time, ILogger<ForgottenSilos> logger) : BackgroundService
{
    /// <summary>How often a silo writes a sign of life into the table.</summary>
    public static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);

    /// <summary>A silo that gave no sign of life for this long, by the database's clock, is gone, unless it accepts connections.</summary>
    public static readonly TimeSpan Unseen = 3 * SignOfLife;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private const string Find = "SELECT address, port, generation FROM silos WHERE cluster = $1 AND status = 3 AND seen < clock_timestamp() - $2";

    private const string Declare =
        """
        WITH advanced AS (
            UPDATE clusters SET version = version + 1
            WHERE cluster = $1 AND EXISTS (
                SELECT FROM silos s
                WHERE s.cluster = $1 AND s.address = $3 AND s.port = $4 AND s.generation = $5 AND s.status = 3 AND s.seen < clock_timestamp() - $2)
            RETURNING cluster
        )
        UPDATE silos s SET status = 6 FROM advanced a
        WHERE s.cluster = a.cluster AND s.address = $3 AND s.port = $4 AND s.generation = $5
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken) && silos.CurrentStatus is not SiloStatus.Active)
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        try
        {
            await using var database = new NpgsqlConnection(connection);
            await database.OpenAsync(stoppingToken);
            foreach (var (address, port, generation) in await FindAsync(database, stoppingToken))
            {
                // A silo that has only lost the database for a while still accepts connections.
                if (await PortProbe.TakesConnectionsAsync(new IPEndPoint(IPAddress.Parse(address), port), stoppingToken))
                {
                    continue;
                }

                await using var declare = new NpgsqlCommand(Declare, database)
                {
                    Parameters =
                    {
                        new() { Value = options.Cluster.Id }, new() { Value = Unseen }, new() { Value = address },
                        new() { Value = port }, new() { Value = generation },
                    },
                };
                if (await declare.ExecuteNonQueryAsync(stoppingToken) > 0)
                {
                    LogDeclared(address, port);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            // Whatever the fault: a silo that stopped looking might never join.
            LogNotLooked(e);
        }
    }

    private async Task<List<(string Address, int Port, int Generation)>> FindAsync(NpgsqlConnection database, CancellationToken stoppingToken)
    {
        await using var find = new NpgsqlCommand(Find, database) { Parameters = { new() { Value = options.Cluster.Id }, new() { Value = Unseen } } };
        await using var reader = await find.ExecuteReaderAsync(stoppingToken);
        var found = new List<(string, int, int)>();
        while (await reader.ReadAsync(stoppingToken))
        {
            found.Add((reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2)));
        }

        return found;
    }

    [LoggerMessage(37, LogLevel.Warning, "Silo {Address}:{Port} gave no sign of life, takes no connection, and was declared dead so that this one can join.")]
    private partial void LogDeclared(string address, int port);

    [LoggerMessage(38, LogLevel.Warning, "The list of silos could not be searched for silos that are gone. It is tried again. If it keeps failing, check the database.")]
    private partial void LogNotLooked(Exception exception);
}
