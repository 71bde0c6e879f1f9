using System.Net;
using Lockstep.Silo.Hosting;
using Npgsql;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Orleans tells the starts of a silo on one address apart by a number, its generation, which it takes from the wall clock in
/// seconds. It takes the start with the greater number for the later one. Started again with a clock that was set back, a silo
/// would be the earlier one and declared dead, again and again, until its clock had come to where it was. So the number is
/// raised above all that the table has for this address.
/// </summary>
internal static class SiloGeneration
{
    // In seconds. A clock that was further ahead than a year was wrong in a way that somebody has to look at.
    private const int MostAhead = 366 * 24 * 60 * 60;

    private const string Find = "SELECT coalesce(max(generation), 0) FROM silos WHERE cluster = $1 AND address = $2 AND port = $3";

    /// <summary>Call it before anything of Orleans is made: a silo keeps the number with which it is made.</summary>
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

        // Orleans gives each number once and none that is smaller than one before, so taking them is what raises the next.
        while (next < last)
        {
            next = SiloAddress.AllocateNewGeneration();
        }
    }
}
