using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// What the server listens on. It can stop listening while its connections stay open. Kestrel by itself ends both at once, and cuts off what
/// arrives over a connection that was just made.
/// </summary>
/// <param name="sockets">Kestrel's own.</param>
internal sealed class Listeners(SocketTransportFactory sockets) : IConnectionListenerFactory
{
    private readonly ConcurrentBag<IConnectionListener> bound = [];

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await sockets.BindAsync(endpoint, cancellationToken);
        bound.Add(listener);
        return listener;
    }

    /// <summary>Takes no further connections. Kestrel may do the same again later.</summary>
    public async Task UnbindAsync()
    {
        foreach (var listener in bound)
        {
            await listener.UnbindAsync();
        }
    }
}
