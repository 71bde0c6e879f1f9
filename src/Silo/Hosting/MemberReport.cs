
namespace Lockstep.Silo.Hosting;

/// <summary>The lines a member says when it has joined.</summary>
internal static partial class MemberReport
{
    public static void Write(WebApplication app, MemberOptions options, string storage)
    {
        var cluster = options.Cluster;
        if (options.Role is MemberRole.Gateway)
        {
            GatewayJoined(app.Logger, cluster.Id);
        }
        else
        {
            SiloJoined(app.Logger, cluster.Address, cluster.SiloPort, cluster.Id, cluster.GatewayPort, cluster.Tls.IsOn ? "on" : "off");
        }

        if (options.Role is MemberRole.Silo)
        {
            Health(app.Logger, string.Join(' ', app.Urls));
        }
        else
        {
            StartupReport.Write(app, options, storage);
        }
    }

    [LoggerMessage(32, LogLevel.Information, "Silo {Address}:{SiloPort} is in cluster {Cluster}, for gateways on port {GatewayPort}; TLS between members is {Tls}")]
    private static partial void SiloJoined(ILogger logger, string address, int siloPort, string cluster, int gatewayPort, string tls);

    [LoggerMessage(33, LogLevel.Information, "Gateway of cluster {Cluster}")]
    private static partial void GatewayJoined(ILogger logger, string cluster);

    [LoggerMessage(34, LogLevel.Information, "Health at {Address}")]
    private static partial void Health(ILogger logger, string address);
}
