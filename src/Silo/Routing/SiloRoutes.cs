using System.Net;
using Lockstep.Core.Buckets;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Npgsql;

namespace Lockstep.Silo.Routing;

/// <summary>
/// A gateway's ways to owners: one client of Orleans for each silo, since a client that knows all silos does not know which one
/// has an owner, and sends most calls to one that passes them on. A bucket's calls enter at its home silo, where placement puts
/// its owner; while that one does not answer, at the one that would be home without it. What is sent to a wrong one is passed on.
/// When a silo is dead by the table, its client ends, and with it the calls that still wait there. Ways are opened and ended beside
/// the looks: one silo that does not answer holds up the news of no other.
/// </summary>
/// <param name="connection">The database with the table of members.</param>
/// <param name="cluster">Whose silos.</param>
/// <param name="any">For as long as there is no way of its own to any silo.</param>
/// <param name="configure">Sets a client up, but for where it enters.</param>
/// <param name="loggers">Where clients log.</param>
/// <param name="time">The clock.</param>
internal sealed partial class SiloRoutes(
    string connection,
    string cluster,
    IGrainFactory any,
    Action<IClientBuilder> configure,
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

    private readonly ILogger logger = loggers.CreateLogger<SiloRoutes>();
    private readonly Lock gate = new();

    // Of the looks only: what goes on for a silo, and clients that end.
    private readonly Dictionary<SiloEntrance, Task> opening = [];
    private readonly List<Task> ending = [];

    // As the table was seen last; changed with the gate, as the routes are.
    private IReadOnlyDictionary<SiloEntrance, bool> known = new Dictionary<SiloEntrance, bool>();
    private volatile SiloRoute[] routes = [];
    private TaskCompletionSource look = NewLook();

    /// <returns>Leads to every owner, and without a detour to the bucket's.</returns>
    public IGrainFactory Find(BucketId id) => FindRoute(id)?.Grains ?? any;

    /// <summary>Ends with the look at the table that goes on; else with the next one. What tests wait for.</summary>
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
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
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
            while (await timer.WaitForNextTickAsync(stoppingToken));
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
        lock (gate)
        {
            known = silos;
            dead = Array.FindAll(routes, route => !silos.ContainsKey(route.Entrance));
            routes = [.. routes.Except(dead)];
        }

        ending.RemoveAll(static ended => ended.IsCompleted);
        ending.AddRange(dead.Select(static route => EndAsync(route)));
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

    /// <summary>Opens a way and takes it into use, unless its silo is dead by then.</summary>
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

    /// <summary>One that cannot be reached is tried again at the next look; until then its buckets' calls are passed on to it.</summary>
    private async Task<SiloRoute?> TryOpenAsync(SiloEntrance silo, CancellationToken stoppingToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        patience.CancelAfter(OpenTime);
        try
        {
            return await SiloRoute.OpenAsync(silo, configure, loggers, time, patience.Token);
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

    /// <summary>Nobody waits for it, and what its client does not manage to say any more is nobody's matter.</summary>
    private static async Task EndAsync(SiloRoute route) =>
        await route.DisposeAsync().AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(39, LogLevel.Warning, "The list of silos could not be read from the database. The last known list is used, and reading is tried again in 2 seconds. If it keeps failing, check the database.")]
    private partial void LogNotLooked(Exception exception);

    [LoggerMessage(40, LogLevel.Information, "The silo at {Gateway} cannot be reached directly yet, and requests go to it through other silos: {Reason}")]
    private partial void LogNotOpened(IPEndPoint gateway, string reason);
}
