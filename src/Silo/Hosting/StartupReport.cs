using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Silo.Hosting;

/// <summary>The lines a server says when it is up: where it is, where its data lies, who may have an account and how.</summary>
internal static partial class StartupReport
{
    public static void Write(WebApplication app, LockstepOptions options, string storage)
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
            Health(logger, string.Join(' ', app.Urls));
            return;
        }

        foreach (var address in app.Urls.Select(url => (options.Http.PublicUrl ?? url).TrimEnd('/')).Distinct(StringComparer.Ordinal))
        {
            Listening(logger, ServerVersion.Version, address);
            if (options.Sync15.IsOn)
            {
                ListeningToSync(logger, address);
            }

            if (options.Sync15.GivesTokens)
            {
                GivingTokens(logger, address, string.Join(", ", options.Sync15.AllIssuers().Select(static issuer => issuer.Name)), options.Sync15.Registration);
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

    [LoggerMessage(10, LogLevel.Information, "Lockstep {Version} serves Kinto at {Address}/v1/")]
    private static partial void Listening(ILogger logger, string version, string address);

    [LoggerMessage(13, LogLevel.Information, "Storage of Firefox Sync 1.5 at {Address}/1.5/, for tokens that are signed with a secret of Sync15:TokenSecrets")]
    private static partial void ListeningToSync(ILogger logger, string address);

    [LoggerMessage(14, LogLevel.Information, "TokenServer at {Address}/1.0/sync/1.5, for accounts of {Issuers}. Registration of new users: {Registration}")]
    private static partial void GivingTokens(ILogger logger, string address, string issuers, SyncRegistration registration);

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
