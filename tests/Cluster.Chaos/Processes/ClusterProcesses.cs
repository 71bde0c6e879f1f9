using System.Collections.Concurrent;
using System.Net;
using Lockstep.Cluster.Chaos.Load.Sync;
using Lockstep.Cluster.Chaos.Network;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Npgsql;

namespace Lockstep.Cluster.Chaos.Processes;

/// <summary>
/// A cluster as it is run: silos and gateways in processes of their own, on a PostgreSQL of their own that each silo reaches
/// through a proxy, so that it can be cut off from it.
/// </summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    /// <summary>Names another build of the silo to run, as <c>…/lockstep.dll</c>: one that is broken on purpose.</summary>
    public const string ProgramVariable = "LOCKSTEP_CHAOS_SILO";

    private const int SiloCount = 3;
    private const int GatewayCount = 2;

    // Processes of tests have wall clocks minutes apart, and are to serve nevertheless.
    private static readonly string[] Settings = ["--accounts:password-iterations", "1000", "--postgres:max-clock-difference", "01:00:00"];
    // Of buckets that say so. What 0.1.0 does not know, and refuses to start with.
    private static readonly string[] History = ["--kinto:history:enabled", "true", "--kinto:history:by-default", "false"];
    private readonly ConcurrentDictionary<string, string> programs = new(StringComparer.Ordinal);
    private readonly OwnPostgres postgres;
    private readonly List<(string Address, int Port)> endpoints = [];

    private ClusterProcesses(OwnPostgres postgres, IClusterNetwork network) => (this.postgres, Network) = (postgres, network);

    public IClusterNetwork Network { get; }

    public List<Member> Silos { get; } = [];

    public List<Member> Gateways { get; } = [];

    /// <summary>The way from each silo to PostgreSQL.</summary>
    public List<TcpProxy> Proxies { get; } = [];

    public IEnumerable<Member> Members => Silos.Concat(Gateways);

    private static string Program => Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } given ? given : ServerProgram.Or(BuiltProgram());

    /// <param name="program">The build that all members run, as <c>…/lockstep.dll</c>; null: this one.</param>
    public static async Task<ClusterProcesses> StartAsync(string? program = null)
    {
        var cluster = new ClusterProcesses(await OwnPostgres.StartAsync(), await NetworkNamespaces.CreateAsync(SiloCount));
        try
        {
            cluster.StartMembers(program ?? Program);
            await cluster.ReadyAsync();
            return cluster;
        }
        catch (Exception e)
        {
            var said = cluster.Tail();
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"The cluster did not start: {e.Message}\n{said}", e);
        }
    }

    /// <summary>
    /// Starts a cluster of one member on the same database, for as long as it is not disposed. Each bucket that is asked for
    /// through both then has two owners, all the time.
    /// </summary>
    public async Task<Member> StartOtherClusterAsync()
    {
        var ports = FreePorts.Take(3);
        var others = new List<Member>();
        programs["other"] = Program;
        Start(others, "other", new Uri($"http://127.0.0.1:{ports[0]}"), postgres.Connection, [],
            ["--role", "all", "--cluster:id", "other", "--cluster:silo-port", $"{ports[1]}", "--cluster:gateway-port", $"{ports[2]}"], History);
        await others[0].ReadyAsync();
        return others[0];
    }

    /// <summary>From its next start on, the member runs the build that is tested.</summary>
    public void Upgrade(Member member) => programs[member.Name] = Program;

    /// <summary>All members are there.</summary>
    public Task ReadyAsync() => Task.WhenAll(Members.Select(static member => member.ReadyAsync()));

    /// <summary>Ends PostgreSQL as a crash would, and starts it again.</summary>
    public async Task CrashPostgresAsync()
    {
        await postgres.KillAsync();
        await postgres.RestartAsync();
    }

    /// <summary>Ends the connections of all members.</summary>
    public Task<object?> TerminateBackendsAsync() => QueryAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");

    /// <summary>Which start of a silo is the one that the cluster knows as active; null for none.</summary>
    public async Task<int?> GenerationAsync(int silo) => (int?)await QueryAsync($"SELECT max(generation) FROM silos WHERE {Where(silo)} AND status = 3") is { } found ? found : null;

    public async Task<bool> IsActiveAsync(int silo, int? generation) =>
        (bool)(await QueryAsync($"SELECT EXISTS (SELECT FROM silos WHERE {Where(silo)} AND status = 3 AND generation = {generation ?? -1})"))!;

    /// <summary>The last lines of all members, for messages.</summary>
    public string Tail(int lines = 40) =>
        string.Join('\n', Members.Select(member => $"==== {member.Name}\n{string.Join('\n', member.Output.Split('\n').TakeLast(lines))}"));

    /// <summary>All that members said, in files.</summary>
    /// <returns>Where.</returns>
    public string KeepLogs()
    {
        var directory = Directory.CreateTempSubdirectory("lockstep-chaos-logs-").FullName;
        foreach (var member in Members)
        {
            File.WriteAllText(Path.Combine(directory, $"{member.Name}.log"), member.Output);
        }

        return directory;
    }

    /// <summary>Ends everything, whatever of it cannot be ended.</summary>
    public async ValueTask DisposeAsync()
    {
        var problems = new List<Exception>();
        foreach (var part in (IEnumerable<IAsyncDisposable>)[.. Members, .. Proxies, postgres, Network])
        {
            try
            {
                await part.DisposeAsync();
            }
            catch (Exception e)
            {
                problems.Add(e);
            }
        }

        if (problems.Count > 0)
        {
            throw new AggregateException("Not all of the cluster could be ended.", problems);
        }
    }

    private static string BuiltProgram()
    {
        // tests/Cluster.Chaos/bin/Release/net10.0, and beside it src/Silo/bin/Release/net10.0.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(root.FullName, "src", "Silo", "bin", output.Parent.Name, output.Name, "lockstep.dll");
    }

    private void StartMembers(string program)
    {
        foreach (var name in Enumerable.Range(0, SiloCount).Select(i => $"silo{i}").Concat(Enumerable.Range(0, GatewayCount).Select(i => $"gateway{i}")))
        {
            programs[name] = program;
        }

        var server = new NpgsqlConnectionStringBuilder(postgres.Connection);
        var ports = FreePorts.Take((SiloCount * 3) + GatewayCount);
        for (var silo = 0; silo < SiloCount; silo++)
        {
            var proxy = new TcpProxy(Network.TestAddress, new IPEndPoint(IPAddress.Loopback, server.Port));
            Proxies.Add(proxy);
            var connection = new NpgsqlConnectionStringBuilder(postgres.Connection) { Host = $"{proxy.EndPoint.Address}", Port = proxy.EndPoint.Port };
            var (address, port) = (Network.AddressOf(silo), ports[(silo * 3) + 1]);
            endpoints.Add((address, port));
            Start(Silos, $"silo{silo}", new Uri($"http://{address}:{ports[silo * 3]}"), connection.ConnectionString, Network.CommandOf(silo),
                ["--role", "silo", "--cluster:address", address, "--cluster:silo-port", $"{port}", "--cluster:gateway-port", $"{ports[(silo * 3) + 2]}"],
                [.. History, "--cluster:trust-network", "true"]);
        }

        for (var gateway = 0; gateway < GatewayCount; gateway++)
        {
            Start(Gateways, $"gateway{gateway}", new Uri($"http://127.0.0.1:{ports[^(gateway + 1)]}"), postgres.Connection, [], ["--role", "gateway"], History);
        }
    }

    /// <param name="newSettings">What 0.1.0 does not know, and refuses to start with.</param>
    private void Start(List<Member> members, string name, Uri url, string connection, IReadOnlyList<string> prefix, string[] arguments, params string[] newSettings)
    {
        IReadOnlyList<string> command = ["--urls", url.GetLeftPart(UriPartial.Authority), .. arguments, .. Settings];
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LOCKSTEP_POSTGRES__CONNECTION"] = connection };
        members.Add(new Member(name, url, offset =>
        {
            var isNew = programs[name] == Program;
            return new ProgramProcess(
                [.. prefix, .. FakeClock.Command(offset), .. ServerProgram.Command(programs[name]), .. command, .. isNew ? newSettings : []],
                isNew ? new Dictionary<string, string>(environment, StringComparer.Ordinal) { ["LOCKSTEP_SYNC15__TOKEN_SECRETS"] = SyncToken.Secret } : environment);
        }));
    }

    private string Where(int silo) => $"address = '{endpoints[silo].Address}' AND port = {endpoints[silo].Port}";

    private async Task<object?> QueryAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.Connection) { Pooling = false }.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is var value and not DBNull ? value : null;
    }
}
