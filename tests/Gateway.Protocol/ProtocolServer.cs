using Lockstep.Core.Storage;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>A server as it is shipped, on a free loopback port, with a database of its own.</summary>
public abstract class ProtocolServer : IAsyncLifetime
{
    private readonly Func<IBucketStore, IBucketStore>? decorate;
    private KintoHost? host;

    /// <param name="options">Its settings; where it listens and where its data lies is said here.</param>
    /// <param name="decorate">Wraps the bucket store; null for none.</param>
    /// <param name="time">Its clock; null for the system's.</param>
    private protected ProtocolServer(LockstepOptions options, Func<IBucketStore, IBucketStore>? decorate, TimeProvider? time)
    {
        this.decorate = decorate;
        Options = options with { DataDirectory = Directory.CreateTempSubdirectory("lockstep-test-").FullName, Urls = "http://127.0.0.1:0" };
        Time = time ?? TimeProvider.System;
    }

    public TimeProvider Time { get; }

    public Uri Address { get; private set; } = null!;

    /// <summary>By which a command finds the server's database.</summary>
    internal LockstepOptions Options { get; private set; }

    internal IServiceProvider Services => host!.Services;

    /// <summary>How many silos there are where these tests run through a cluster. Default: 2. A server that one test has for itself makes do with one.</summary>
    internal int Silos { get; init; } = 2;

    public async Task InitializeAsync()
    {
#if CLUSTER
        var onPostgres = true;
#else
        var onPostgres = PostgresServer.IsChosen;
#endif
        if (onPostgres)
        {
            Options = Options with
            {
                Postgres = new PostgresOptions { Connection = await PostgresServer.CreateDatabaseAsync(), Shards = await PostgresServer.CreateShardsAsync() },
            };
        }

        host = await KintoHost.StartAsync(Options, Time, decorate, Silos);
        Address = host.Address;
    }

    public async Task DisposeAsync()
    {
        await host!.DisposeAsync();
        if (Options.Postgres.Connection is { } connection)
        {
            await PostgresServer.DropDatabasesAsync([connection, .. Options.Postgres.Shards.Values]);
        }

        Directory.Delete(Options.DataDirectory, recursive: true);
    }
}
