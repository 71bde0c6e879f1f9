using System.Net;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Whether another process listens where this silo would. Orleans' listeners share their ports with any process that asks for the same ones, so nothing would fail. This
/// silo would have the other one's address, and Orleans would declare that one dead.
/// </summary>
internal sealed class PortsCheck(LockstepOptions options) : IJoinCheck
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var cluster = options.Cluster;
        foreach (var port in (int[])[cluster.SiloPort, cluster.GatewayPort])
        {
            if (await PortProbe.TakesConnectionsAsync(new IPEndPoint(IPAddress.Parse(cluster.Address), port), cancellationToken))
            {
                throw new SettingsException(
                    $"Another process listens on {cluster.Address}:{port}. Stop it, or give this one ports of its own: Cluster:SiloPort and Cluster:GatewayPort.");
            }
        }
    }
}
