using Lockstep.Gateway.Http;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// What comes before Kestrel's own stop, so that no request is cut off behind a proxy:
/// <list type="number">
/// <item>For the drain time the server takes requests and connections, and each answer asks its client to close.</item>
/// <item>It takes no further connections: see <see cref="Listeners"/>. A proxy sees that before it has sent anything, and goes elsewhere.</item>
/// <item>Connections that were made just before have a moment to send their request.</item>
/// </list>
/// </summary>
internal sealed class OrderlyStop(Drain drain, Listeners listeners, OpenConnections connections, LockstepOptions options, TimeProvider time)
{
    /// <summary>How long connections that are open after the drain time may still send a request.</summary>
    public static readonly TimeSpan LateTime = TimeSpan.FromMilliseconds(250);

    /// <summary>Blocks until Kestrel may stop.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    private async Task RunAsync()
    {
        if (options.IsAlone)
        {
            _ = EndEarlyAsync();
        }

        drain.Run();
        if (options.Http.DrainTime > TimeSpan.Zero)
        {
            await listeners.CloseAsync(time);
            await ((Task)connections.NoneAsync().WaitAsync(LateTime, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>No proxy has another server to send to, and clients without a connection have nothing to be told.</summary>
    private async Task EndEarlyAsync()
    {
        await connections.NoneAsync();
        drain.End();
    }
}
