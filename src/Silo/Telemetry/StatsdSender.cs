using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Sends metrics to a StatsD over UDP, on the thread of its reader. What the network loses is lost. It logs once when the receiver's name cannot be found, and
/// once when it is found again.</summary>
internal sealed partial class StatsdSender : BaseExporter<Metric>
{
    // What fits into one Ethernet frame over IPv6, so that no datagram is cut into pieces.
    private const int MaxDatagramBytes = 1432;

    private readonly StatsdText text;
    private readonly Uri endpoint;
    private readonly ILogger<StatsdSender> logger;
    private bool isFailing;

    public StatsdSender(TelemetryOptions options, ILogger<StatsdSender> logger)
    {
        text = new(options.StatsdPrefix, options.StatsdTags is "dogstatsd");
        endpoint = new Uri(options.StatsdEndpoint!);
        this.logger = logger;
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var metrics = new List<Metric>();
        foreach (var metric in batch)
        {
            metrics.Add(metric);
        }

        try
        {
            // Looked up each time, because a receiver may move. IPv4 comes first, since a StatsD listens there by default.
            var address = IPAddress.TryParse(endpoint.IdnHost, out var given) ? given : Dns.GetHostAddresses(endpoint.IdnHost).OrderBy(static one => one.AddressFamily).First();
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            var target = new IPEndPoint(address, endpoint.Port);
            foreach (var datagram in Pack(text.Write(metrics)))
            {
                socket.SendTo(datagram, target);
            }
        }
        catch (Exception e) when (e is SocketException or IndexOutOfRangeException)
        {
            if (!isFailing)
            {
                LogFailing(endpoint.Authority);
            }

            isFailing = true;
            return ExportResult.Failure;
        }

        if (isFailing)
        {
            LogSentAgain(endpoint.Authority);
        }

        isFailing = false;
        return ExportResult.Success;
    }

    /// <summary>Puts lines into datagrams, as many into each as fit. A line that is longer than a datagram is left out.</summary>
    internal static IEnumerable<byte[]> Pack(IEnumerable<string> lines)
    {
        var datagram = new StringBuilder();
        foreach (var line in lines.Where(static line => line.Length <= MaxDatagramBytes))
        {
            if (datagram.Length > 0 && datagram.Length + 1 + line.Length > MaxDatagramBytes)
            {
                yield return Encoding.ASCII.GetBytes(datagram.ToString());
                datagram.Clear();
            }

            datagram.Append(datagram.Length > 0 ? "\n" : "").Append(line);
        }

        if (datagram.Length > 0)
        {
            yield return Encoding.ASCII.GetBytes(datagram.ToString());
        }
    }

    [LoggerMessage(90, LogLevel.Warning, "Measurements cannot be sent to the StatsD at {Endpoint}. Requests are served all the same; the next line like this comes after they were sent again.")]
    private partial void LogFailing(string endpoint);

    [LoggerMessage(91, LogLevel.Information, "Measurements are sent to the StatsD at {Endpoint} again.")]
    private partial void LogSentAgain(string endpoint);
}
