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

    private static string Connection => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
        ? given
        : throw new InvalidOperationException($"These tests need PostgreSQL 15 or later: run them with ./test, or name a server in {Variable}.");

    /// <returns>The connection string of a new, empty database.</returns>
    public static async Task<string> CreateDatabaseAsync()
    {
        var name = $"lockstep_{Guid.NewGuid():N}";

        // One at a time: each copies the same template.
        await Making.WaitAsync();
        try
        {
            await ExecuteAsync(Connection, $"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0 STRATEGY FILE_COPY");
        }
        finally
        {
            Making.Release();
        }

        return new NpgsqlConnectionStringBuilder(Connection) { Database = name, Pooling = true }.ConnectionString;
    }

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

    public static async Task DropDatabaseAsync(string connection)
    {
        var name = new NpgsqlConnectionStringBuilder(connection).Database;
        await ExecuteAsync(Connection, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }

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

    private static NpgsqlDataSource Open(string connection) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Pooling = false, Enlist = false, CommandTimeout = 120 }.ConnectionString);
}
