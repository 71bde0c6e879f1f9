using System.Net;
using System.Net.Sockets;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Whether another process listens where this silo would. Orleans' listeners share their ports with whoever asks for the same, so
/// that nothing would fail: this silo would have the other one's address, and Orleans would declare that one dead.
/// </summary>
internal sealed class PortsCheck(LockstepOptions options) : IJoinCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var cluster = options.Cluster;
        foreach (var port in (int[])[cluster.SiloPort, cluster.GatewayPort])
        {
            if (await TakesConnectionsAsync(new IPEndPoint(IPAddress.Parse(cluster.Address), port), cancellationToken))
            {
                throw new SettingsException(
                    $"Another process listens on {cluster.Address}:{port}. Stop it, or give this one ports of its own: Cluster:SiloPort and Cluster:GatewayPort.");
            }
        }
    }

    /// <returns>False also when nothing answers for two seconds.</returns>
    public static async Task<bool> TakesConnectionsAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, patience.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
