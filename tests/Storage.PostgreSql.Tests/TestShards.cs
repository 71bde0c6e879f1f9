using Lockstep.Core.Buckets;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A cluster of two databases, gone when disposed.</summary>
public sealed class TestShards : IAsyncLifetime
{
    internal static readonly ShardMap Map = ShardMap.Even(2);

    private PostgresShards? shards;

    /// <summary>Connections in the order of the databases' numbers.</summary>
    public IReadOnlyList<string> Connections { get; private set; } = [];

    public PostgresShards Shards => shards!;

    /// <summary>An id that nobody else has, of a bucket that belongs into this database.</summary>
    public static BucketId NewId(int database)
    {
        while (true)
        {
            var id = BucketId.Named(Guid.NewGuid().ToString("N"));
            if (Map[id] == database)
            {
                return id;
            }
        }
    }

    public static PostgresOptions Options(params IReadOnlyList<string> connections) => new()
    {
        Connection = connections[0],
        Shards = connections.Skip(1).Index().ToDictionary(one => $"{one.Index + 1}", one => one.Item, StringComparer.Ordinal),
    };

    public async Task InitializeAsync()
    {
        Connections = [await PostgresServer.CreateDatabaseAsync(), await PostgresServer.CreateDatabaseAsync()];
        shards = await PostgresShards.OpenAsync(Options(Connections), TimeProvider.System, _ => { });
    }

    public async Task DisposeAsync()
    {
        await Shards.DisposeAsync();
        foreach (var connection in Connections)
        {
            await PostgresServer.DropDatabaseAsync(connection);
        }
    }
}
