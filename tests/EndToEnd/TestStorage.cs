using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Npgsql;

namespace Lockstep.EndToEnd;

/// <summary>Where one test's servers keep their data: a data directory and, on PostgreSQL, a database. Gone when disposed.</summary>
public sealed class TestStorage : IAsyncDisposable
{
    /// <summary>The same for all servers that follow each other: a silo that comes back is known by it.</summary>
    public const string SiloPort = "LOCKSTEP_CLUSTER__SILO_PORT";

    private readonly TemporaryDirectory directory = new();

    private readonly IReadOnlyDictionary<string, string> shards;

    private TestStorage(string? connection, IReadOnlyDictionary<string, string> shards)
    {
        this.shards = shards;
        Connection = connection;
        Environment = connection is null ? [] : OnPostgres(connection);
        var ports = FreePorts.Take(2);
        Environment.Add(SiloPort, $"{ports[0]}");
        Environment.Add("LOCKSTEP_CLUSTER__GATEWAY_PORT", $"{ports[1]}");
        foreach (var (number, shard) in shards)
        {
            Environment.Add($"LOCKSTEP_POSTGRES__SHARDS__{number}", shard);
        }
    }

    public string Directory => directory.Path;

    /// <summary>Null on SQLite.</summary>
    public string? Connection { get; }

    /// <summary>What a server or a command needs to be told about it besides the data directory.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The same for a server that runs beside the first, which has ports of its own.</summary>
    public Dictionary<string, string> EnvironmentOfAnother() => new(
        Environment.Where(static variable => !variable.Key.StartsWith("LOCKSTEP_CLUSTER__", StringComparison.Ordinal)), StringComparer.Ordinal);

    public static async Task<TestStorage> CreateAsync() =>
        new(PostgresServer.IsChosen ? await PostgresServer.CreateEmptyDatabaseAsync() : null, await PostgresServer.CreateShardsAsync());

    /// <summary>A connection string is not for the command line, where everybody on the machine can read its password.</summary>
    public static Dictionary<string, string> OnPostgres(string connection) =>
        new(StringComparer.Ordinal) { ["LOCKSTEP_POSTGRES__CONNECTION"] = connection };

    /// <summary>As a server names the first of its databases, without secrets.</summary>
    public string Describe()
    {
        if (Connection is null)
        {
            return Path.Combine(Directory, "lockstep.db");
        }

        var connection = new NpgsqlConnectionStringBuilder(Connection);
        return $"{connection.Host}:{connection.Port}/{connection.Database}";
    }

    public async ValueTask DisposeAsync()
    {
        directory.Dispose();
        if (Connection is not null)
        {
            await PostgresServer.DropDatabasesAsync([Connection, .. shards.Values]);
        }
    }
}
