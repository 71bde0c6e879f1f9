using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;

namespace Lockstep.Silo.Telemetry;

/// <summary>Makes what sends lines of the log to their own receiver, with what opens that one and nothing that opens another.</summary>
internal sealed class LogSender(TelemetryOptions options) : IDisposable
{
    private readonly NotedSendings sendings = new();

    public BaseProcessor<LogRecord> ForLines() => new SentLines(Enum.Parse<LogLevel>(options.LogsLevel), new OtlpLogExporter(new OtlpExporterOptions
    {
        Endpoint = new Uri(options.LogsEndpoint!),
        Protocol = OtlpExportProtocol.HttpProtobuf,
        Headers = options.LogsHeaders,
        TimeoutMilliseconds = (int)OtlpSenders.LongestSending.TotalMilliseconds,
        HttpClientFactory = () => new HttpClient(sendings, disposeHandler: false) { Timeout = OtlpSenders.LongestSending },
    }));

    /// <summary>Says from now on whether the receiver is there. It comes with the start: a logger cannot ask for one while it is made itself.</summary>
    public void Report(ILogger logger) => sendings.Receiver = new ReceiverState(options.LogsEndpoint!, logger);

    public void Dispose() => sendings.Dispose();
}
