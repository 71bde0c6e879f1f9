using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync11.Pairing;
using Lockstep.Gateway.Sync15;
using Lockstep.Silo.Hosting;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>
/// A server as it is shipped, on a free loopback port, with a database of its own, Sync 1.1 and the storage of Sync 1.5 turned on. Everybody may make an account.
/// Hashes are cheap.
/// </summary>
public sealed class WeaveServer : ProtocolServer
{
    public const string TokenSecret = "the secret of these tests is long enough";

    private static long lastUser;

    public WeaveServer()
        : this(options => options)
    {
    }

    internal WeaveServer(Func<LockstepOptions, LockstepOptions> configure, TimeProvider? time = null, Func<IBucketStore, IBucketStore>? decorate = null)
        : base(
            configure(new LockstepOptions
            {
                Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero, MaxFailures = 1000, MaxFailuresPerAddress = 100_000 },
                Http = new HttpOptions { DrainTime = TimeSpan.Zero },
                Sync11 = new Sync11Options
                {
                    Enabled = true,
                    Registration = Sync11Registration.Open,
                    MaxLookups = 100_000,
                    MaxRegistrationsPerDay = 100_000,
                    Pairing = new PairingOptions { MaxChannelsPerAddress = 100_000, MaxBadRequests = 100_000 },
                },
                Sync15 = new Sync15Options { TokenSecrets = TokenSecret },

                // Accounts of the server itself would turn on TokenServer by themselves.
                FirefoxAccounts = new FirefoxAccountOptions { Mode = AccountServerMode.Off },
            }),
            decorate,
            time)
    {
    }

    internal static async Task<WeaveServer> StartAsync(
        Func<LockstepOptions, LockstepOptions>? configure = null, TimeProvider? time = null, Func<IBucketStore, IBucketStore>? decorate = null)
    {
        var server = new WeaveServer(configure ?? (options => options), time, decorate) { Silos = 1 };
        await server.InitializeAsync();
        return server;
    }

    internal static Task<WeaveServer> StartAsync(Func<Sync11Options, Sync11Options> configure, TimeProvider? time = null) =>
        StartAsync(options => options with { Sync11 = configure(options.Sync11) }, time);

    /// <summary>An address that nobody else has.</summary>
    public static string NewAddress() => $"user{Interlocked.Increment(ref lastUser)}@example.org";

    /// <summary>A client of nobody in particular.</summary>
    public WeaveClient Anonymous() => new(Address, "", password: null);

    /// <summary>A client of somebody who has no account yet.</summary>
    public WeaveClient Somebody(string? address = null)
    {
        address ??= NewAddress();
        return new WeaveClient(Address, WeaveClient.NameOf(address), "a good password") { Email = address };
    }

    /// <summary>A client of a user that nobody else has.</summary>
    public async Task<WeaveClient> NewUserAsync()
    {
        var client = Somebody();
        (await client.SignUpAsync()).AssertText(client.Name);
        return client;
    }
}
