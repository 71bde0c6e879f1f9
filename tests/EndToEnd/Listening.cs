using System.Net;
using System.Net.Sockets;

namespace Lockstep.EndToEnd;

/// <summary>Programs that say nothing when they listen.</summary>
internal static class Listening
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <returns>Whether something on this machine takes connections on the port, within half a minute.</returns>
    public static async Task<bool> BeginsAsync(int port)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!patience.IsCancellationRequested)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                return true;
            }
            catch (SocketException)
            {
                // It starts no sooner when it is asked all the time.
                await Task.Delay(Pause);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return false;
    }
}
