using System.Net;
using Lockstep.Silo.Hosting;
using Npgsql;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Orleans distinguishes the starts of a silo on one address by a number, its generation, which it takes from the wall clock in seconds. It takes the start with the
/// greater number for the later one. A silo that starts again after its clock was set back would count as the earlier one and be declared dead, again and again, until
/// its clock has caught up. So the number is raised above all that the table has for this address.
/// </summary>
internal static class SiloGeneration
{
    // In seconds. A clock that was more than a year ahead needs a person's attention.
    private const int MostAhead = 366 * 24 * 60 * 60;

    private const string Find = "SELECT coalesce(max(generation), 0) FROM silos WHERE cluster = $1 AND address = $2 AND port = $3";

    /// <summary>To be called before any part of Orleans is made: a silo keeps the number with which it was made.</summary>
    /// <exception cref="SettingsException">The last start on this address was more than a year ahead of this machine's clock.</exception>
    public static async Task RaiseAsync(LockstepOptions options, CancellationToken cancellationToken)
    {
        var cluster = options.Cluster;
        await using var database = new NpgsqlConnection(OrleansSettings.ConnectionString(options));
        await database.OpenAsync(cancellationToken);
        await using var find = new NpgsqlCommand(Find, database)
        {
            Parameters = { new() { Value = cluster.Id }, new() { Value = IPAddress.Parse(cluster.Address).ToString() }, new() { Value = cluster.SiloPort } },
        };
        var last = (int)(await find.ExecuteScalarAsync(cancellationToken))!;
        var next = SiloAddress.AllocateNewGeneration();
        if ((long)last - next > MostAhead)
        {
            throw new SettingsException(
                $"The silo that ran at {cluster.Address}:{cluster.SiloPort} before had a clock more than a year ahead of this machine's. Set this machine's clock, or give the silo another Cluster:SiloPort.");
        }

        // Orleans gives out each number once, and none that is smaller than an earlier one. So taking numbers raises the next one.
        while (next < last)
        {
            next = SiloAddress.AllocateNewGeneration();
        }
    }
}
