using Npgsql;

namespace Lockstep.Storage.PostgreSql.Testing;

/// <summary>The PostgreSQL server of the tests, and databases on it.</summary>
internal static class PostgresServer
{
    /// <summary>Npgsql connection string of a role that may make databases.</summary>
    public const string Variable = "LOCKSTEP_TEST_POSTGRES";

    /// <summary>
    /// Which engine the tests of the server itself run on: <c>sqlite</c> (default), <c>postgresql</c>, or
    /// <c>postgresql-shards</c> for two databases.
    /// </summary>
    public const string EngineVariable = "LOCKSTEP_TEST_ENGINE";

    public static bool IsChosen => Environment.GetEnvironmentVariable(EngineVariable) switch
    {
        null or "" or "sqlite" => false,
        "postgresql" or "postgresql-shards" => true,
        var other => throw new InvalidOperationException($"{EngineVariable} is '{other}'. Use sqlite, postgresql or postgresql-shards."),
    };

    private static bool IsSharded => Environment.GetEnvironmentVariable(EngineVariable) is "postgresql-shards";

    private static readonly SemaphoreSlim Making = new(1);
    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);

    // A connection costs PostgreSQL more than most of what is done here.
    private static readonly Lazy<NpgsqlDataSource> Maintenance = new(static () => Open(Connection, pooling: true));

    private static string Connection => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
        ? given
        : throw new InvalidOperationException($"These tests need PostgreSQL 15 or later: run them with ./test, or name a server in {Variable}.");

    /// <returns>The connection string of a new, empty database, for tests of what a first start makes of it.</returns>
    public static Task<string> CreateEmptyDatabaseAsync() => CopyAsync("template0");

    /// <returns>The connection string of a new database that has the schema and nothing in it: a copy, since to run all scripts takes longer.</returns>
    public static async Task<string> CreateDatabaseAsync() => await CopyAsync(await Template.Value);

    /// <returns>Connection strings of further databases of a cluster by their numbers; none unless several are asked for.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> CreateShardsAsync()
    {
        var shards = new Dictionary<string, string>(StringComparer.Ordinal);
        if (IsSharded)
        {
            shards.Add("1", await CreateDatabaseAsync());
        }

        return shards;
    }

    public static async Task DropDatabasesAsync(IEnumerable<string> connections)
    {
        foreach (var connection in connections)
        {
            await DropDatabaseAsync(connection);
        }
    }

    public static Task DropDatabaseAsync(string connection) => MaintainAsync($"DROP DATABASE IF EXISTS {NameOf(connection)} WITH (FORCE)");

    public static async Task ExecuteAsync(string connection, string sql)
    {
        await using var source = Open(connection);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <returns>The first value of the first row.</returns>
    public static async Task<object?> QueryAsync(string connection, string sql)
    {
        await using var source = Open(connection);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<string> CopyAsync(string template)
    {
        var name = $"lockstep_{Guid.NewGuid():N}";

        // One at a time: each copies the same template.
        await Making.WaitAsync();
        try
        {
            await MaintainAsync($"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template} STRATEGY FILE_COPY");
        }
        finally
        {
            Making.Release();
        }

        return new NpgsqlConnectionStringBuilder(Connection) { Database = name, Pooling = true }.ConnectionString;
    }

    private static async Task<string> MakeTemplateAsync()
    {
        var connection = await CreateEmptyDatabaseAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DropDatabaseAsync(connection).GetAwaiter().GetResult();
        await PostgresDatabase.MigrateAsync(new PostgresOptions { Connection = connection }, CancellationToken.None);

        // Which cluster it belongs to: whoever uses a copy first decides that.
        await ExecuteAsync(connection, "DELETE FROM meta");
        return NameOf(connection);
    }

    private static string NameOf(string connection) => new NpgsqlConnectionStringBuilder(connection).Database!;

    private static async Task MaintainAsync(string sql)
    {
        await using var command = Maintenance.Value.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlDataSource Open(string connection, bool pooling = false) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Pooling = pooling, Enlist = false, CommandTimeout = 120 }.ConnectionString);
}
