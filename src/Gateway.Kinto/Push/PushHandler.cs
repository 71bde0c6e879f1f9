using System.Net;
using System.Net.Sockets;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Connects to push services: to public addresses only, without proxy, redirects and cookies.</summary>
internal static class PushHandler
{
    private const int MaxHeaderKibibytes = 16;
    private const int MaxUnreadBytes = 16 << 10;

    // The address of a name is looked up again after this.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    public static SocketsHttpHandler Create(PushOptions options) => new()
    {
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        ConnectCallback = ConnectAsync,
        ConnectTimeout = options.Timeout,
        MaxConnectionsPerServer = options.MaxAtOnce,
        MaxResponseDrainSize = MaxUnreadBytes,
        MaxResponseHeadersLength = MaxHeaderKibibytes,
        PooledConnectionLifetime = ConnectionLifetime,
        UseCookies = false,
        UseProxy = false,
    };

    /// <summary>The addresses that are connected to are those that were checked: nobody looks up the name a second time.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var failure = new IOException($"{host} has no public address.");
        foreach (var address in (await Dns.GetHostAddressesAsync(host, cancellationToken)).Where(PublicAddress.IsPublic))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure = new IOException($"{host} cannot be reached: {e.Message}", e);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure;
    }
}
