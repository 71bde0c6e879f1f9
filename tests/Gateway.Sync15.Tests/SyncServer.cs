using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Protocol;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>A server as it is shipped, on a free loopback port, with a database of its own and Sync turned on.</summary>
public sealed class SyncServer : IAsyncLifetime
{
    public const string Secret = "the secret of these tests is long enough";
    public const string OldSecret = "an older secret that is still in use";

    private static long lastUid;

    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
    private readonly Func<IBucketStore, IBucketStore>? decorate;
    private LockstepOptions options;
    private KintoHost? host;

    public SyncServer()
        : this(options => options)
    {
    }

    internal SyncServer(Func<LockstepOptions, LockstepOptions> configure, Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null)
    {
        options = configure(new LockstepOptions
        {
            DataDirectory = directory,
            Urls = "http://127.0.0.1:0",
            Accounts = new AccountOptions { PasswordIterations = 1000 },
            Http = new HttpOptions { DrainTime = TimeSpan.Zero },
            Sync15 = new Sync15Options { TokenSecrets = $"{Secret}, {OldSecret}" },

            // Accounts of the server itself would turn Sync and TokenServer on by themselves.
            FirefoxAccounts = new FirefoxAccountOptions { Mode = AccountServerMode.Off },
        });
        this.decorate = decorate;
        Time = time ?? TimeProvider.System;
    }

    public TimeProvider Time { get; }

    public Uri Address { get; private set; } = null!;

    /// <summary>By which a command finds the server's database.</summary>
    internal LockstepOptions Options => options;

    internal IServiceProvider Services => host!.Services;

    internal static async Task<SyncServer> StartAsync(
        Func<LockstepOptions, LockstepOptions>? configure = null, Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null)
    {
        var server = new SyncServer(configure ?? (options => options), decorate, time);
        await server.InitializeAsync();
        return server;
    }

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
                Postgres = new PostgresOptions
                {
                    Connection = await PostgresServer.CreateDatabaseAsync(),
                    Shards = await PostgresServer.CreateShardsAsync(),
                },
            };
        }

        host = await KintoHost.StartAsync(options, Time, decorate);
        Address = host.Address;
    }

    /// <summary>A device of a user that nobody else has, with a token for an hour.</summary>
    public SyncClient NewUser() => Device(Interlocked.Increment(ref lastUid));

    /// <summary>A device of a user.</summary>
    public SyncClient Device(long uid, string secret = Secret, int seconds = 3600, string salt = "a1b2c3", long skew = 0)
    {
        var token = new SyncToken(uid, Time.GetUtcNow().ToUnixTimeSeconds() + seconds, salt);
        var (id, key) = new TokenSigner([secret]).Sign(token);
        return new SyncClient(Address, uid, id, key, Time) { Skew = skew };
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
}
