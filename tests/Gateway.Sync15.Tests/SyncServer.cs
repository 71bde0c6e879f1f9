using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Protocol;
using Lockstep.Silo.Hosting;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>A server as it is shipped, on a free loopback port, with a database of its own and Sync turned on.</summary>
public sealed class SyncServer : ProtocolServer
{
    public const string Secret = "the secret of these tests is long enough";
    public const string OldSecret = "an older secret that is still in use";

    private static long lastUid;

    public SyncServer()
        : this(options => options)
    {
    }

    internal SyncServer(Func<LockstepOptions, LockstepOptions> configure, Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null)
        : base(
            configure(new LockstepOptions
            {
                Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero },
                Http = new HttpOptions { DrainTime = TimeSpan.Zero },
                Sync15 = new Sync15Options { TokenSecrets = $"{Secret}, {OldSecret}" },

                // Accounts of the server itself would turn Sync and TokenServer on by themselves.
                FirefoxAccounts = new FirefoxAccountOptions { Mode = AccountServerMode.Off },
            }),
            decorate,
            time)
    {
    }

    internal static async Task<SyncServer> StartAsync(
        Func<LockstepOptions, LockstepOptions>? configure = null, Func<IBucketStore, IBucketStore>? decorate = null, TimeProvider? time = null)
    {
        var server = new SyncServer(configure ?? (options => options), decorate, time) { Silos = 1 };
        await server.InitializeAsync();
        return server;
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
}
