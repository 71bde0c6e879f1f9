using System.Net;
using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Lockstep.Silo.Cluster;
using Npgsql;
using Orleans.Runtime;

namespace Lockstep.Silo.Routing;

/// <summary>
/// A gateway's routes to owners: one Orleans client for each silo. A client that knows all silos does not know which one has an owner, and sends most calls to a silo
/// that has to forward them. A bucket's calls enter at its home silo, where placement puts
/// its owner; while that silo does not answer, at the one that would be the home without it. A call to a wrong silo is forwarded.
/// When the table calls a silo dead, its client ends, and with it the calls that still wait there. Routes are opened and ended beside the reading of the table, so one
/// silo that does not answer holds up no news about others. A silo that refuses connections is gone: the
/// others are asked to look too, and one of them declares it dead, long before probes do.
/// </summary>
/// <param name="connection">The database with the table of members.</param>
/// <param name="cluster">Whose silos.</param>
/// <param name="any">For as long as there is no way of its own to any silo.</param>
/// <param name="configure">Sets a client up, but for where it enters.</param>
/// <param name="deaths">Hears of silos that have died.</param>
/// <param name="loggers">Where clients log.</param>
/// <param name="time">The clock.</param>
internal sealed partial class SiloRoutes(
    string connection,
    string cluster,
    IGrainFactory any,
    Action<IClientBuilder> configure,
    SiloDeaths deaths,
    ILoggerFactory loggers,
    TimeProvider time) : BackgroundService
{
    // One that shuts down (4, 5) still answers; a dead one (6) does not.
    private const string FindSilos =
        """
        SELECT DISTINCT ON (address, port) address, port, gateway_port, generation, status = 3 FROM silos
        WHERE cluster = $1 AND status BETWEEN 3 AND 5 AND gateway_port > 0 ORDER BY address, port, generation DESC
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OpenTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Witness = TimeSpan.FromSeconds(2);

    private readonly ILogger logger = loggers.CreateLogger<SiloRoutes>();
    private readonly Lock gate = new();

    // However many ask for a look, the next look is for all of them.
    private readonly Channel<bool> lookDue = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Of the looks only: what goes on for a silo, and clients that end.
    private readonly Dictionary<SiloEntrance, Task> opening = [];
    private readonly List<Task> ending = [];

    // As the table was seen last; changed with the gate, as the routes are.
    private IReadOnlyDictionary<SiloEntrance, bool> known = new Dictionary<SiloEntrance, bool>();
    private volatile SiloRoute[] routes = [];
    private TaskCompletionSource look = NewLook();

    /// <returns>A route to every owner, and to the bucket's own without a detour.</returns>
    public IGrainFactory Find(BucketId id) => FindRoute(id)?.Grains ?? any;

    /// <summary>Completes with the look at the table that is under way, or else with the next one. Tests wait for it.</summary>
    internal Task Look => Volatile.Read(ref look).Task;

    internal SiloRoute? FindRoute(BucketId id)
    {
        var bucket = Rendezvous.Hash(id.Value);
        SiloRoute? best = null;
        ulong highest = 0;
        foreach (var route in routes)
        {
            if (route.IsOpen && Rendezvous.Score(bucket, route.Hash) is var score && (best is null || score > highest))
            {
                (best, highest) = (route, score);
            }
        }

        return best;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = time.CreateTimer(_ => lookDue.Writer.TryWrite(true), state: null, TimeSpan.Zero, Interval);
        try
        {
            await foreach (var _ in lookDue.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await LookAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    LogNotLooked(e);
                }

                Interlocked.Exchange(ref look, NewLook()).SetResult();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The gateway stops; nobody calls any more.
        }
        finally
        {
            await Task.WhenAll([.. opening.Values, .. ending]);
            await Task.WhenAll(Array.ConvertAll(routes, EndAsync));
        }
    }

    private static TaskCompletionSource NewLook() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        var silos = await ReadAsync(stoppingToken);
        SiloRoute[] dead;
        if (Array.Exists(routes, route => route.IsLost && !silos.ContainsKey(route.Entrance)))
        {
            deaths.Tell();
        }

        lock (gate)
        {
            known = silos;
            dead = Array.FindAll(routes, route => !silos.ContainsKey(route.Entrance));
            routes = [.. routes.Except(dead)];
        }

        ending.RemoveAll(static ended => ended.IsCompleted);
        ending.AddRange(dead.Select(EndAsync));
        foreach (var ended in opening.Where(static silo => silo.Value.IsCompleted).Select(static silo => silo.Key).ToList())
        {
            opening.Remove(ended);
        }

        foreach (var stopping in routes.Where(route => !silos[route.Entrance]))
        {
            stopping.Close();
        }

        foreach (var come in silos.Where(static silo => silo.Value).Select(static silo => silo.Key).Except(routes.Select(static route => route.Entrance)).Except(opening.Keys).ToList())
        {
            opening.Add(come, OpenAsync(come, stoppingToken));
        }
    }

    /// <summary>Opens a route and uses it, unless its silo is dead by then.</summary>
    private async Task OpenAsync(SiloEntrance silo, CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (await TryOpenAsync(silo, stoppingToken) is not { } route)
        {
            return;
        }

        lock (gate)
        {
            if (known.TryGetValue(silo, out var takesWhatIsNew))
            {
                if (!takesWhatIsNew)
                {
                    route.Close();
                }

                routes = [.. routes, route];
                return;
            }
        }

        await EndAsync(route);
    }

    /// <returns>Those that answer, and whether they take what is new.</returns>
    private async Task<Dictionary<SiloEntrance, bool>> ReadAsync(CancellationToken stoppingToken)
    {
        await using var database = new NpgsqlConnection(connection);
        await database.OpenAsync(stoppingToken);
        await using var find = new NpgsqlCommand(FindSilos, database) { Parameters = { new() { Value = cluster } } };
        await using var reader = await find.ExecuteReaderAsync(stoppingToken);
        var found = new Dictionary<SiloEntrance, bool>();
        while (await reader.ReadAsync(stoppingToken))
        {
            var address = IPAddress.Parse(reader.GetString(0));
            found.Add(new(new(address, reader.GetInt32(1)), new(address, reader.GetInt32(2)), reader.GetInt32(3)), reader.GetBoolean(4));
        }

        return found;
    }

    /// <summary>A silo that cannot be reached is tried again at the next look. Until then, other silos forward the calls of its buckets.</summary>
    private async Task<SiloRoute?> TryOpenAsync(SiloEntrance silo, CancellationToken stoppingToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        patience.CancelAfter(OpenTime);
        try
        {
            var opened = SiloRoute.OpenAsync(silo, configure, broken => _ = ReportAsync(broken), loggers, time, patience.Token);

            // A client that cannot connect tries again for a while before it gives up, and the routes to silos that could look may not be open yet.
            do
            {
                await ((Task)opened.WaitAsync(Witness, time, CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!opened.IsCompletedSuccessfully)
                {
                    await ReportAsync(silo);
                }
            }
            while (!opened.IsCompleted && known.ContainsKey(silo));

            return await opened;
        }
        catch (Exception e)
        {
            if (!stoppingToken.IsCancellationRequested)
            {
                LogNotOpened(silo.Gateway, e.Message);
            }

            return null;
        }
    }

    /// <summary>
    /// If a silo refuses connections, all others look at it too. When some of them can look and none reaches it, it is declared dead. A fault that keeps only some of
    /// them from reaching it ends no silo.
    /// </summary>
    private async Task ReportAsync(SiloEntrance silo)
    {
        if (!await PortProbe.RefusesConnectionsAsync(silo.Gateway))
        {
            return;
        }

        if (Array.Find(routes, route => route.Entrance == silo) is { } lost)
        {
            lost.IsLost = true;
        }

        var address = SiloAddress.New(silo.Silo, silo.Generation);
        var witnesses = Array.FindAll(routes, route => route.IsOpen && route.Entrance != silo);
        var seen = await Task.WhenAll(Array.ConvertAll(witnesses, witness => LookAsync(witness, address)));
        if (Array.IndexOf(seen, true) is >= 0 and var first && !seen.Contains(false))
        {
            try
            {
                await witnesses[first].Grains.GetGrain<IWitnessGrain>(0).DeclareAsync(address).WaitAsync(Witness, time);
            }
            catch (Exception e)
            {
                LogNotWitnessed(silo.Silo, witnesses[first].Entrance.Silo, e.Message);
            }
        }

        // By now the table may call it dead, by this report or another one.
        lookDue.Writer.TryWrite(true);
    }

    /// <returns>Null when it cannot be asked.</returns>
    private async Task<bool?> LookAsync(SiloRoute witness, SiloAddress silo)
    {
        try
        {
            return await witness.Grains.GetGrain<IWitnessGrain>(0).IsGoneAsync(silo).WaitAsync(Witness, time);
        }
        catch (Exception e)
        {
            // It is gone too, or of a release that cannot look.
            LogNotWitnessed(silo.Endpoint, witness.Entrance.Silo, e.Message);
            return null;
        }
    }

    /// <summary>Nobody waits for it, and it does not matter what its client can no longer send.</summary>
    private static async Task EndAsync(SiloRoute route) =>
        await route.DisposeAsync().AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(39, LogLevel.Warning, "The list of silos could not be read from the database. The last known list is used, and reading is tried again in 2 seconds. If it keeps failing, check the database.")]
    private partial void LogNotLooked(Exception exception);

    [LoggerMessage(74, LogLevel.Information, "The silo {Silo} refuses connections, and {Witness} could not be asked about that. If nobody can, the silos' probes find it out. The reason: {Reason}")]
    private partial void LogNotWitnessed(IPEndPoint silo, IPEndPoint witness, string reason);

    [LoggerMessage(40, LogLevel.Information, "The silo at {Gateway} cannot be reached directly yet, and requests go to it through other silos: {Reason}")]
    private partial void LogNotOpened(IPEndPoint gateway, string reason);
}
