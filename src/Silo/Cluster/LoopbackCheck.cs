using System.Net;
using Lockstep.Silo.Hosting;
using Npgsql;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// A loopback address can be reached from its own machine alone. A cluster whose silos all have one works as long as they are on one machine. A second machine would make
/// it two halves. By the default settings, a silo of each half would have the same address, and Orleans would declare the older one dead. So a silo that would join such
/// a cluster is refused, unless the silos in its way give no sign of life: those are gone.
/// </summary>
internal sealed class LoopbackCheck(string connection, LockstepOptions options, TimeProvider time) : IJoinCheck
{
    private const string Find =
        """
        SELECT address, port, generation, host, (extract(epoch FROM seen) * 1000000)::bigint FROM silos
        WHERE cluster = $1 AND host <> $2 AND status BETWEEN 1 AND 5 AND seen >= clock_timestamp() - $3
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var first = await FindAsync(cancellationToken);
        for (var inTheWay = first; inTheWay.Count > 0; inTheWay = await FindAsync(cancellationToken))
        {
            foreach (var (silo, seen) in inTheWay)
            {
                // A silo that came meanwhile is alive, and so is one that was there and has given another sign of life.
                if (!first.TryGetValue(silo, out var before) || before != seen)
                {
                    throw new SettingsException(Refusal(silo));
                }
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private string Refusal(Silo silo) =>
        $"Cluster '{options.Cluster.Id}' has a silo on {silo.Host} at {silo.Address}:{silo.Port}, and this one would be at {options.Cluster.Address}:{options.Cluster.SiloPort}: "
        + "with silos on several machines none can have a loopback address. Set Cluster:Address, on each machine, to the address at which the others reach it; or another Cluster:Id, if these are not to work together.";

    /// <returns>Silos of other machines that this one could not work with, and their last signs of life.</returns>
    private async Task<Dictionary<Silo, long>> FindAsync(CancellationToken cancellationToken)
    {
        await using var database = new NpgsqlConnection(connection);
        await database.OpenAsync(cancellationToken);
        await using var find = new NpgsqlCommand(Find, database)
        {
            Parameters = { new() { Value = options.Cluster.Id }, new() { Value = Dns.GetHostName() }, new() { Value = ForgottenSilos.Unseen } },
        };
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        var own = IPAddress.IsLoopback(IPAddress.Parse(options.Cluster.Address));
        var found = new Dictionary<Silo, long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var silo = new Silo(reader.GetString(3), reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2));
            if (own || IPAddress.IsLoopback(IPAddress.Parse(silo.Address)))
            {
                found.Add(silo, reader.GetInt64(4));
            }
        }

        return found;
    }

    private sealed record Silo(string Host, string Address, int Port, int Generation);
}
