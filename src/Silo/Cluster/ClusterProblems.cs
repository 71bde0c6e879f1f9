using System.Net;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Cluster;

/// <summary>Checks the settings about the cluster.</summary>
internal static class ClusterProblems
{
    private const int MaxIdLength = 100;

    /// <returns>What is wrong, each with the fix.</returns>
    public static IEnumerable<string> Of(LockstepOptions options)
    {
        var cluster = options.Cluster;
        if (options.Role is not ServerRole.All && options.Postgres.Connection is not { Length: > 0 })
        {
            yield return $"Role is {options.Role} and Postgres:Connection is not set. Processes find each other, and keep their records, in PostgreSQL; role all needs none.";
        }

        if (cluster.Id.Length is 0 or > MaxIdLength)
        {
            yield return $"Cluster:Id has {cluster.Id.Length} characters. Give it 1 to {MaxIdLength}.";
        }

        if (!IPAddress.TryParse(cluster.Address, out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            yield return $"Cluster:Address is '{cluster.Address}'. Use the one IP address at which other members reach this one.";
        }
        else if (options.HasSilo && !options.IsAlone && !IPAddress.IsLoopback(address) && !cluster.Tls.IsOn && !cluster.TrustNetwork)
        {
            yield return $"Cluster:Address is {cluster.Address} and Cluster:Tls is not set, so that whoever reaches ports {cluster.SiloPort} and {cluster.GatewayPort} could read and write everything. Set Cluster:Tls; or Cluster:TrustNetwork to true, if a firewall or a network policy lets only members through.";
        }

        if (cluster.SiloPort == cluster.GatewayPort)
        {
            yield return $"Cluster:SiloPort and Cluster:GatewayPort are both {cluster.SiloPort}. Use two different ports.";
        }

        if (cluster.DepartureTime > options.ShutdownTimeout / 2)
        {
            yield return $"Cluster:DepartureTime is {cluster.DepartureTime}. Use at most half of ShutdownTimeout, which is {options.ShutdownTimeout}.";
        }

        var tls = cluster.Tls;
        if (tls.IsOn && (tls.Certificate is null || tls.Key is null || tls.Authority is null))
        {
            yield return "Cluster:Tls needs Certificate, Key and Authority together, or none of them.";
        }

        foreach (var file in new[] { tls.Certificate, tls.Key, tls.Authority }.OfType<string>().Where(static file => !File.Exists(file)))
        {
            yield return $"Cluster:Tls names '{file}', which is no file that can be read.";
        }
    }
}
