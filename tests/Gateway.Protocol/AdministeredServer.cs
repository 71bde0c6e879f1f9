using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>A server as it is shipped, with an administrator <c>admin</c> and a user <c>bob</c>. Tests share it, and make accounts of their own. Hashes are cheap.</summary>
public sealed class AdministeredServer : ProtocolServer, IAsyncLifetime
{
    public const string Password = "s3cr3t-of-tests";

    /// <summary>A secret of the settings.</summary>
    public const string Secret = "canary-secret-of-the-tokens-7Qm-4f";

    private static long lastUser;

    public AdministeredServer()
        : base(
            new LockstepOptions
            {
                Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero, MaxFailures = 1000, MaxFailuresPerAddress = 100_000, Administrators = "account:admin" },
                Http = new HttpOptions { DrainTime = TimeSpan.Zero },
                Sync15 = new Sync15Options { TokenSecrets = Secret },
                FirefoxAccounts = new FirefoxAccountOptions { Mode = AccountServerMode.Off },
            },
            decorate: null,
            time: null)
    {
    }

    internal AccountDirectory Accounts => Services.GetRequiredService<AccountDirectory>();

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        foreach (var name in new[] { "admin", "bob" })
        {
            Assert.NotNull(await Accounts.AddAsync(name, Password, CancellationToken.None));
        }
    }

    /// <summary>An account that nobody else has.</summary>
    public async Task<string> NewUserAsync()
    {
        var name = $"user{Interlocked.Increment(ref lastUser)}";
        Assert.NotNull(await Accounts.AddAsync(name, Password, CancellationToken.None));
        return name;
    }

    /// <summary>A page where somebody has signed in.</summary>
    internal async Task<PageClient> SignInAsync(string name)
    {
        var page = new PageClient(Address);
        await page.SignInAsync(name, Password);
        return page;
    }
}
