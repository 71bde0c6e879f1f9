using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Syncto;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>A server as it is shipped, on a free loopback port, with a database of its own and accounts turned on. Hashes are cheap.</summary>
public sealed class AccountsServer : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
    private LockstepOptions options;
    private KintoHost? host;
    private int people;

    public AccountsServer()
        : this(options => options)
    {
    }

    internal AccountsServer(Func<LockstepOptions, LockstepOptions> configure, TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        options = configure(new LockstepOptions
        {
            DataDirectory = directory,
            Urls = "http://127.0.0.1:0",
            Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero, MaxFailuresPerAddress = 100_000, MaxRegistrationsPerHour = 100_000 },
            Http = new HttpOptions { DrainTime = TimeSpan.Zero },
            Syncto = new SynctoOptions { Enabled = true },
            FirefoxAccounts = new FirefoxAccountOptions
            {
                Mode = AccountServerMode.On,
                Key = "the key of these tests is long enough",
                Registration = AccountRegistration.Open,
                HashMemoryBytes = 64 << 10,
                HashIterations = 1,
                MaxLookups = 100_000,
            },
        });
    }

    public TimeProvider Time { get; }

    public Uri Address { get; private set; } = null!;

    public string DataDirectory => directory;

    internal LockstepOptions Options => options;

    internal IServiceProvider Services => host!.Services;

    /// <summary>How many silos there are where these tests run through a cluster. Default: 2. A server that one test has for itself makes do with one.</summary>
    internal int Silos { get; init; } = 2;

    internal static async Task<AccountsServer> StartAsync(Func<LockstepOptions, LockstepOptions>? configure = null, TimeProvider? time = null)
    {
        var server = new AccountsServer(configure ?? (options => options), time) { Silos = 1 };
        await server.InitializeAsync();
        return server;
    }

    internal static Task<AccountsServer> StartAsync(Func<FirefoxAccountOptions, FirefoxAccountOptions> configure, TimeProvider? time = null) =>
        StartAsync(options => options with { FirefoxAccounts = configure(options.FirefoxAccounts) }, time);

    public async Task InitializeAsync()
    {
#if CLUSTER
        var onPostgres = true;
#else
        var onPostgres = PostgresServer.IsChosen;
#endif
        if (onPostgres)
        {
            options = options with
            {
                Postgres = options.Postgres with { Connection = await PostgresServer.CreateDatabaseAsync(), Shards = await PostgresServer.CreateShardsAsync() },
            };
        }

        await BeginAsync();
    }

    /// <summary>Stops the server and starts it again on the same database.</summary>
    public async Task RestartAsync()
    {
        await host!.DisposeAsync();
        await BeginAsync();
    }

#if CLUSTER
    /// <summary>A client of nobody, by another gateway.</summary>
    public async Task<AccountClient> AnonymousElsewhereAsync() => new(await host!.AddGatewayAsync(options, Time), Time);
#endif

    /// <summary>A client of nobody.</summary>
    public AccountClient Anonymous() => new(Address, Time);

    /// <summary>Somebody with an account that nobody else has, and a session.</summary>
    public async Task<Person> NewPersonAsync()
    {
        var person = new Person(this, $"Person{Interlocked.Increment(ref people)}.{Guid.NewGuid():N}@Example.org");
        await person.SignUpAsync();
        return person;
    }

    public async Task DisposeAsync()
    {
        await host!.DisposeAsync();
        if (options.Postgres.Connection is { } connection)
        {
            await PostgresServer.DropDatabasesAsync([connection, .. options.Postgres.Shards.Values]);
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task BeginAsync()
    {
        host = await KintoHost.StartAsync(options, Time, decorate: null, Silos);
        Address = host.Address;
    }
}
