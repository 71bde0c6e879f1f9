using System.Collections.Concurrent;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A database of its own, used by one or more "processes", gone when disposed.</summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private readonly List<PostgresDatabase> opened = [];
    private PostgresDatabase? first;

    public ConcurrentQueue<Exception> Faults { get; } = new();

    public string Connection { get; private set; } = "";

    public PostgresOptions Options => new() { Connection = Connection };

    /// <summary>The first process.</summary>
    public PostgresDatabase Database => first!;

    public async Task InitializeAsync()
    {
        Connection = await PostgresServer.CreateDatabaseAsync();
        first = await OpenAsync();
    }

    /// <summary>One more process.</summary>
    public async Task<PostgresDatabase> OpenAsync(Func<PostgresOptions, PostgresOptions>? configure = null, TimeProvider? time = null)
    {
        var database = await PostgresDatabase.OpenAsync((configure ?? (options => options))(Options), time ?? TimeProvider.System, Faults.Enqueue);
        opened.Add(database);
        return database;
    }

    public Task ExecuteAsync(string sql) => PostgresServer.ExecuteAsync(Connection, sql);

    public Task<object?> QueryAsync(string sql) => PostgresServer.QueryAsync(Connection, sql);

    public async Task DisposeAsync()
    {
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }

        await PostgresServer.DropDatabaseAsync(Connection);
    }
}
