using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>
/// Listens nowhere. A silo's ports trust whoever reaches them, and another user of the machine could reach them even on a loopback address. A silo that is alone has nobody to listen to.
/// </summary>
internal sealed class NoConnections : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Listener(endpoint));

    private sealed class Listener(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(ended.Task);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            ended.TrySetResult(null);
            return default;
        }
    }
}
