using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// The sockets that the server listens on. They can be closed while connections stay open, and without cutting off a connection that nobody has
/// accepted yet. Kestrel by itself closes all of them at once, and the system resets what waits in a listening socket's queue. Behind a proxy
/// that is a request that fails: it has been sent, so the proxy may not repeat it elsewhere.
/// </summary>
internal sealed class Listeners
{
    // In it handshakes that have begun are completed.
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromMilliseconds(50);

    // Whoever accepts connections gets so much time for each of the looks at the queue, which is closed after the last one all the same.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);
    private const int MaxLooks = 100;

    private readonly ConcurrentBag<(Socket Socket, bool IsOwn)> bound = [];

    /// <summary>
    /// Whether a start failed because something could not be listened on: Kestrel says <see cref="IOException"/> of an address that is in use, and of a name both of whose addresses are, and Orleans
    /// <see cref="AddressInUseException"/>; of an address that this machine does not have there is a <see cref="SocketException"/>. Whatever else ends a start speaks for itself.
    /// </summary>
    public static bool HasFailed(Exception e) =>
        e is SocketException or AddressInUseException or IOException { InnerException: AddressInUseException or AggregateException };

    /// <summary>Kestrel's way to a socket.</summary>
    public Socket Bind(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);

        // One that was passed to this process goes on to be used by the next one, and its queue with it.
        bound.Add((socket, endpoint is IPEndPoint));
        return socket;
    }

    /// <summary>Takes no further connections.</summary>
    public async Task CloseAsync(TimeProvider time)
    {
        var own = bound.Where(static each => each.IsOwn && ConnectionRequests.TryIgnore(each.Socket)).ToList();
        if (own.Count > 0)
        {
            await Task.Delay(HandshakeTime, time);
            for (var look = 0; look < MaxLooks && own.Exists(static each => IsWaitedFor(each.Socket)); look++)
            {
                await Task.Delay(LookInterval, time);
            }
        }

        foreach (var (socket, _) in bound)
        {
            socket.Dispose();
        }
    }

    private static bool IsWaitedFor(Socket socket)
    {
        try
        {
            return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead);
        }
        catch (ObjectDisposedException)
        {
            // Kestrel has stopped by itself.
            return false;
        }
    }
}
