using System.Net;
using System.Net.Sockets;

namespace Lockstep.Silo.Cluster;

/// <summary>Finds out whether a process listens at an address. Sends nothing to it.</summary>
internal static class PortProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <returns>False also when nothing answers for two seconds.</returns>
    public static async Task<bool> TakesConnectionsAsync(IPEndPoint target, CancellationToken cancellationToken = default) =>
        await ConnectAsync(target, cancellationToken) is null;

    /// <returns>True if its machine is there and says that nobody listens; false when nothing answers for two seconds.</returns>
    public static async Task<bool> RefusesConnectionsAsync(IPEndPoint target, CancellationToken cancellationToken = default) =>
        await ConnectAsync(target, cancellationToken) is SocketError.ConnectionRefused;

    /// <returns>Null when it is connected.</returns>
    private static async Task<SocketError?> ConnectAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(target, patience.Token);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SocketError.TimedOut;
        }
    }
}
