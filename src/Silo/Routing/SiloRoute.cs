using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Lockstep.Silo.Routing;

/// <summary>
/// An Orleans client that enters the cluster through one silo. The route closes when a ping does not come back, when the connection
/// breaks, or when the silo says that it is about to stop. It opens again after a rest, once a ping has come back. A lost call
/// does not close it: the silo may have passed the call on to another one that hangs, and that one would then close the routes to all.
/// </summary>
internal sealed class SiloRoute : IAsyncDisposable
{
    // The table names a silo for some seconds after it has gone or has begun to stop.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Less than the time for which a stopping silo still serves.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time;
    private readonly Action<SiloEntrance> onBroken;
    private readonly ServiceProvider services;
    private readonly IClusterClient client;

    private readonly CancellationTokenSource ended = new();
    private Task probing = Task.CompletedTask;

    // Timestamp of the last trouble; 0 while it is open.
    private long closed;

    private SiloRoute(SiloEntrance entrance, Action<IClientBuilder> configure, Action<SiloEntrance> onBroken, ILoggerFactory loggers, TimeProvider time)
    {
        this.time = time;
        this.onBroken = onBroken;
        Entrance = entrance;
        Hash = Rendezvous.Hash(entrance.Silo.ToString());
        services = new ServiceCollection()
            .AddSingleton(loggers)
            .AddLogging()
            .AddOrleansClient(builder =>
            {
                configure(builder);
                builder.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = OneGateway.Never);
                builder.Services.AddSingleton<IGatewayListProvider>(new OneGateway(entrance.Gateway.ToGatewayUri(), Break));
            })
            .BuildServiceProvider();
        client = services.GetRequiredService<IClusterClient>();
    }

    public SiloEntrance Entrance { get; }

    /// <summary>As placement computes it.</summary>
    public uint Hash { get; }

    public IGrainFactory Grains => client;

    public bool IsOpen => Volatile.Read(ref closed) == 0;

    /// <summary>The silo has gone without notice: pings do not come back, or it refuses connections. A stopping silo still answers the calls that it has.</summary>
    public bool IsLost { get; set; }

    /// <param name="entrance">The silo.</param>
    /// <param name="configure">Sets the client up, except for the silo where it enters.</param>
    /// <param name="onBroken">Called when the route closes because the silo does not answer or the connection broke, and after each rest while that lasts.</param>
    /// <param name="loggers">Where the client logs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OrleansException">The silo cannot be reached.</exception>
    public static async Task<SiloRoute> OpenAsync(
        SiloEntrance entrance, Action<IClientBuilder> configure, Action<SiloEntrance> onBroken, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var route = new SiloRoute(entrance, configure, onBroken, loggers, time);
        try
        {
            foreach (var service in route.services.GetServices<IHostedService>())
            {
                // Orleans itself does not give up a client's start once it is connected.
                await service.StartAsync(cancellationToken).WaitAsync(cancellationToken);
            }

            route.probing = route.ProbeAsync();
            return route;
        }
        catch
        {
            await route.services.DisposeAsync();
            throw;
        }
    }

    public void Close() => Volatile.Write(ref closed, time.GetTimestamp());

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await probing;
        ended.Dispose();
        using var patience = new CancellationTokenSource(Patience, time);
        foreach (var service in services.GetServices<IHostedService>())
        {
            await service.StopAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await services.DisposeAsync();
    }

    /// <summary>
    /// A ping that does not come back closes the route, and one that does after a rest opens it again. Pings are sent all the time, because an Orleans client learns that
    /// its silo is about to stop only when it sends something.
    /// </summary>
    private async Task ProbeAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                var since = Volatile.Read(ref closed);
                if (since == 0 || time.GetElapsedTime(since) >= Rest)
                {
                    await ProbeAsync(since);
                }
            }
        }
        catch (Exception) when (ended.IsCancellationRequested)
        {
            // The silo has gone.
        }
    }

    private async Task ProbeAsync(long since)
    {
        try
        {
            await client.GetGrain<IReachableGrain>(0).PingAsync().WaitAsync(Patience, time, ended.Token);
            IsLost = false;
            if (since != 0)
            {
                Interlocked.CompareExchange(ref closed, 0, since);
            }
        }
        catch (Exception) when (!ended.IsCancellationRequested)
        {
            // Again after each rest: the silos that were asked the last time may not have been able to look.
            IsLost = true;
            Close();
            onBroken(Entrance);
        }
    }

    private void Break()
    {
        var wasOpen = IsOpen;
        Close();
        if (wasOpen)
        {
            onBroken(Entrance);
        }
    }
}
