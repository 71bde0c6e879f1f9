using Lockstep.Gateway.Http;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Ends the drain of a server that is alone as soon as nobody is connected: no load balancer has another one to send to, and
/// clients without a connection have nothing to be told.
/// </summary>
internal sealed class OpenConnections(Drain drain)
{
    private int open;
    private volatile bool isStopping;

    public ConnectionDelegate Count(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref open);
        try
        {
            await next(connection);
        }
        finally
        {
            if (Interlocked.Decrement(ref open) == 0 && isStopping)
            {
                drain.End();
            }
        }
    };

    /// <summary>When the server was told to stop.</summary>
    public void OnStopping()
    {
        isStopping = true;
        if (Volatile.Read(ref open) == 0)
        {
            drain.End();
        }
    }
}
