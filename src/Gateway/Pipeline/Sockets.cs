using Microsoft.AspNetCore.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Lockstep.Gateway.Pipeline;

/// <summary>WebSockets (RFC 6455), for the few requests that ask for one: no other request passes the server's middleware for them.</summary>
public static class Sockets
{
    private static readonly WebSocketMiddleware Middleware = new(static _ => Task.CompletedTask, Options.Create(new WebSocketOptions()), NullLoggerFactory.Instance);

    /// <summary>Whether a request asks to become one.</summary>
    public static bool IsAskedFor(HttpRequest request) =>
        request.Headers.Upgrade is { Count: > 0 } upgrade && upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a request that asks for one can become one: it has the version and the key that are needed.</summary>
    public static async ValueTask<bool> CanBeginAsync(HttpContext context)
    {
        await Middleware.Invoke(context);
        return context.WebSockets.IsWebSocketRequest;
    }
}
