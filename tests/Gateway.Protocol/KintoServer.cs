using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Silo.Hosting;
using Lockstep.Gateway.Http;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>A server as it is shipped, on a free loopback port, with a database of its own.</summary>
public class KintoServer : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
    private LockstepOptions options;
    private readonly Func<IBucketStore, IBucketStore>? decorate;
    private KintoHost? host;
    private int accounts;

    public KintoServer()
        : this(options => options)
    {
    }

    internal KintoServer(Func<LockstepOptions, LockstepOptions> configure, Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null)
    {
        options = configure(new LockstepOptions
        {
            DataDirectory = directory,
            Urls = "http://127.0.0.1:0",
            Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero },
            Http = new HttpOptions { DrainTime = TimeSpan.Zero },
        });
        this.decorate = decorate;
        Time = time ?? TimeProvider.System;
    }

    /// <summary>The same tests are run once for each engine.</summary>
    public static bool OnPostgres => PostgresServer.IsChosen;

    public TimeProvider Time { get; }

    public Uri Address { get; private set; } = null!;

    internal IServiceProvider Services => host!.Services;

    /// <summary>How many silos there are where these tests run through a cluster. Default: 2. A server that one test has for itself makes do with one.</summary>
    internal int Silos { get; init; } = 2;

    internal static async Task<KintoServer> StartAsync(
        Func<LockstepOptions, LockstepOptions>? configure = null, Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null)
    {
        var server = new KintoServer(configure ?? (options => options), decorate, time) { Silos = 1 };
        await server.InitializeAsync();
        return server;
    }

    public async Task InitializeAsync()
    {
        if (OnPostgres)
        {
            options = options with
            {
                Postgres = new PostgresOptions
                {
                    Connection = await PostgresServer.CreateDatabaseAsync(),
                    Shards = await PostgresServer.CreateShardsAsync(),
                },
            };
        }

        host = await KintoHost.StartAsync(options, Time, decorate, Silos);
        Address = host.Address;
    }

#if CLUSTER
    internal IReadOnlyList<IServiceProvider> SiloServices => host!.SiloServices;

    /// <summary>One more gateway of the cluster, which stops with it.</summary>
    public Task<Uri> AddGatewayAsync() => host!.AddGatewayAsync(options, Time);
#endif

    public KintoClient Anonymous() => new(Address, authorization: null);

    public KintoClient As(string name, string password) => new(Address, KintoClient.Basic(name, password));

    /// <summary>A client with an account that nobody else has.</summary>
    public async Task<KintoClient> NewUserAsync()
    {
        var name = $"user{Interlocked.Increment(ref accounts)}";
        using var anonymous = Anonymous();
        var answer = await anonymous.SendAsync("PUT", $"/accounts/{name}", """{"data":{"password":"s3cr3t"}}""");
        Assert.Equal(201, answer.Status);
        return As(name, "s3cr3t");
    }

    /// <summary>As an operator makes one.</summary>
    public async Task AddAccountAsync(string name, string password) =>
        Assert.NotNull(await Services.GetRequiredService<AccountDirectory>().AddAsync(name, password, CancellationToken.None));

    public async Task DisposeAsync()
    {
        await host!.DisposeAsync();
        if (options.Postgres.Connection is { } connection)
        {
            await PostgresServer.DropDatabasesAsync([connection, .. options.Postgres.Shards.Values]);
        }

        Directory.Delete(directory, recursive: true);
    }
}
