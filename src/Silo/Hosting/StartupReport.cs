using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Sync11;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Silo.Hosting;

/// <summary>The lines that a server logs when it is up: its addresses, where its data is, and who may have an account.</summary>
internal static partial class StartupReport
{
    /// <param name="app">The server.</param>
    /// <param name="urls">Where it listens.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="storage">What its data lies in.</param>
    public static void Write(WebApplication app, IEnumerable<string> urls, LockstepOptions options, string storage)
    {
        var logger = app.Logger;
        var cluster = options.Cluster;
        if (!options.HasSilo)
        {
            GatewayJoined(logger, cluster.Id);
        }
        else if (!options.IsAlone)
        {
            SiloJoined(logger, cluster.Address, cluster.SiloPort, cluster.Id, cluster.GatewayPort, cluster.Tls.IsOn ? "on" : "off");
        }

        if (!options.HasApi)
        {
            Health(logger, string.Join(' ', urls));
            return;
        }

        foreach (var address in urls.Select(url => (options.Http.PublicUrl ?? url).TrimEnd('/')).Distinct(StringComparer.Ordinal))
        {
            Listening(logger, ServerVersion.Version, address);
            foreach (var provider in options.OpenId.All())
            {
                TakingTokens(logger, provider.Issuer, provider.Name, provider.HasLogin ? $"{address}/v1/openid/{provider.Name}/token" : "none");
            }

            if (options.Sync15.IsOn)
            {
                ListeningToSync(logger, address);
            }

            if (options.ServesAccounts)
            {
                ServingAccounts(logger, address, options.FirefoxAccounts.Registration);
            }

            if (options.Sync15.GivesTokens)
            {
                GivingTokens(logger, address, string.Join(", ", options.Sync15.AllIssuers().Select(static issuer => issuer.Name).Concat(options.Sync15.HasOwnIssuer ? ["this server"] : [])), options.Sync15.Registration);
            }

            if (options.Sync11.Enabled)
            {
                ServingOldSync(logger, address, options.Sync11.Registration);
                if (IsInTheClear(address, options.Http))
                {
                    OldSyncInTheClear(logger, address);
                }
            }

            if (options.Syncto.Enabled)
            {
                ServingSyncto(logger, (options.Syncto.PublicUrl ?? address + "/syncto").TrimEnd('/'), options.Syncto.TokenServerUrl ?? "this server's storage");
            }
        }

        Storage(logger, storage);
        var registration = options.Accounts.Registration switch
        {
            Registration.Open => "open to everybody who can reach this server",
            Registration.Closed => "closed",
            _ => "closed, except from this machine over a loopback address",
        };
        Accounts(logger, registration, "account add NAME");
    }

    /// <summary>Whether other machines send their data without TLS, as far as the server can know: a trusted proxy may use it.</summary>
    public static bool IsInTheClear(string address, HttpOptions http) =>
        !address.StartsWith("https:", StringComparison.OrdinalIgnoreCase)
        && !address.StartsWith("http://unix:", StringComparison.OrdinalIgnoreCase)
        && !(Uri.TryCreate(address, UriKind.Absolute, out var url) && url.IsLoopback)
        && (http.PublicUrl is not null || http.TrustedProxies.Length == 0);

    [LoggerMessage(10, LogLevel.Information, "Lockstep {Version} serves Kinto at {Address}/v1/")]
    private static partial void Listening(ILogger logger, string version, string address);

    [LoggerMessage(17, LogLevel.Information, "Access tokens of {Issuer} open Kinto; their users are {Name}:…. Redirect URI of the login: {RedirectUri}")]
    private static partial void TakingTokens(ILogger logger, string issuer, string name, string redirectUri);

    [LoggerMessage(13, LogLevel.Information, "Storage of Firefox Sync 1.5 at {Address}/1.5/, for tokens that are signed with a secret of Sync15:TokenSecrets")]
    private static partial void ListeningToSync(ILogger logger, string address);

    [LoggerMessage(14, LogLevel.Information, "TokenServer at {Address}/1.0/sync/1.5, for accounts of {Issuers}. Registration of new users: {Registration}")]
    private static partial void GivingTokens(ILogger logger, string address, string issuers, SyncRegistration registration);

    [LoggerMessage(18, LogLevel.Information, "Sync 1.1 at {Address}/, which is what services.sync.serverURL is set to. Registration: {Registration}")]
    private static partial void ServingOldSync(ILogger logger, string address, Sync11Registration registration);

    [LoggerMessage(19, LogLevel.Warning, "Users of Sync 1.1 send their passwords to {Address} with each request, and nothing encrypts them on the way. Put a proxy with TLS in front and set Http:PublicUrl to the https URL that clients use.")]
    private static partial void OldSyncInTheClear(ILogger logger, string address);

    [LoggerMessage(16, LogLevel.Information, "Syncto at {Address}/v1/, of {Storage}")]
    private static partial void ServingSyncto(ILogger logger, string address, string storage);

    [LoggerMessage(15, LogLevel.Information, "Accounts for Firefox at {Address}, which is what identity.fxaccounts.autoconfig.uri is set to. Registration: {Registration}")]
    private static partial void ServingAccounts(ILogger logger, string address, AccountRegistration registration);

    [LoggerMessage(11, LogLevel.Information, "Storage: {Storage}")]
    private static partial void Storage(ILogger logger, string storage);

    [LoggerMessage(12, LogLevel.Information, "Registration is {Registration}. To make an account, run this program with: {Command}")]
    private static partial void Accounts(ILogger logger, string registration, string command);

    [LoggerMessage(32, LogLevel.Information, "Silo {Address}:{SiloPort} is in cluster {Cluster}, for gateways on port {GatewayPort}; TLS between members is {Tls}")]
    private static partial void SiloJoined(ILogger logger, string address, int siloPort, string cluster, int gatewayPort, string tls);

    [LoggerMessage(33, LogLevel.Information, "Gateway of cluster {Cluster}")]
    private static partial void GatewayJoined(ILogger logger, string cluster);

    [LoggerMessage(34, LogLevel.Information, "Health at {Address}")]
    private static partial void Health(ILogger logger, string address);
}
