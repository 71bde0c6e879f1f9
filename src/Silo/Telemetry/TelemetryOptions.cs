using System.ComponentModel.DataAnnotations;
using Lockstep.Core.Settings;

namespace Lockstep.Silo.Telemetry;

/// <summary>Where metrics, traces and lines of the log are sent.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Base URL of an OTLP receiver: <c>http://127.0.0.1:4317</c>. Default: none, nothing is sent.</summary>
    public string? OtlpEndpoint { get; init; }

    /// <summary><c>grpc</c>, or <c>http/protobuf</c> to <c>/v1/metrics</c> and <c>/v1/traces</c> below the endpoint. Default: grpc.</summary>
    [AllowedValues("grpc", "http/protobuf")]
    public string Protocol { get; init; } = "grpc";

    /// <summary>Time between two sendings of the metrics. Default: 15 seconds.</summary>
    [Bounds(1)]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Which part of the requests is traced, from 0 to 1. Default: 0, none.</summary>
    [Bounds(0, 1, Reason = "It is a part of 1: 0.01 traces one request in a hundred.")]
    public double TraceRatio { get; init; }

    /// <summary>A StatsD over UDP: <c>udp://127.0.0.1:8125</c>. Default: none, nothing is sent there.</summary>
    public string? StatsdEndpoint { get; init; }

    /// <summary>Before each name that StatsD gets, in place of <c>lockstep</c>; empty for none. Default: lockstep.</summary>
    public string StatsdPrefix { get; init; } = "lockstep";

    /// <summary>How tags are sent: <c>names</c> for parts of the name, or <c>dogstatsd</c> for DogStatsD's tags. Default: names.</summary>
    [AllowedValues("names", "dogstatsd")]
    public string StatsdTags { get; init; } = "names";

    /// <summary>The whole URL that takes lines of the log over OTLP, as <c>http/protobuf</c>: <c>https://HOST/api/PROJECT/integration/otlp/v1/logs</c> of a Sentry. Default: none, no line is sent.</summary>
    public string? LogsEndpoint { get; init; }

    /// <summary>
    /// Headers of these requests, which open the receiver: <c>name=value</c>, separated by commas, as in <c>x-sentry-auth=sentry sentry_key=KEY</c>. A value has no comma, and <c>%25</c> for a percent sign. Default: none.
    /// </summary>
    [Secret]
    public string LogsHeaders { get; init; } = "";

    /// <summary>The least level of a line that is sent, of those that the log has. Default: Error.</summary>
    [AllowedValues("Warning", "Error", "Critical")]
    public string LogsLevel { get; init; } = "Error";

    public bool SendsLogs => LogsEndpoint is { Length: > 0 };

    /// <summary>Whether somebody gets measurements without asking for them.</summary>
    public bool SendsMetrics => IsOn || SendsStatsd;

    public bool SendsStatsd => StatsdEndpoint is { Length: > 0 };

    public bool IsOn => OtlpEndpoint is { Length: > 0 };

    public bool Traces => IsOn && TraceRatio > 0;

    /// <returns>What is wrong besides what the declarations say, each with the fix.</returns>
    public IEnumerable<string> Problems()
    {
        // With user and password in it, it would be seen in logs. Not repeated here for the same reason.
        if (IsOn && !IsReceiver(OtlpEndpoint))
        {
            yield return "Telemetry:OtlpEndpoint is no URL of a receiver. Use something like http://127.0.0.1:4317, without user and query.";
        }

        if (SendsLogs && !IsReceiver(LogsEndpoint))
        {
            yield return "Telemetry:LogsEndpoint is no URL of a receiver. Use something like http://127.0.0.1:4318/v1/logs, without user and query.";
        }

        if (LogsHeaders.Length > 0 && !SendsLogs)
        {
            yield return "Telemetry:LogsHeaders is set, and Telemetry:LogsEndpoint is not. Name the receiver of the log.";
        }

        if (LogsHeaders.Length > 0 && !LogsHeaders.Split(',').All(IsHeader))
        {
            yield return "Telemetry:LogsHeaders has a part that is no header. Use name=value, and commas between them, like x-sentry-auth=sentry sentry_key=KEY.";
        }

        if (SendsStatsd && !(Uri.TryCreate(StatsdEndpoint, UriKind.Absolute, out var statsd) && statsd is { Scheme: "udp", Port: > 0, UserInfo.Length: 0, PathAndQuery: "" or "/" }))
        {
            yield return $"Telemetry:StatsdEndpoint is '{StatsdEndpoint}', which is no address of a StatsD. Use something like udp://127.0.0.1:8125.";
        }

        if (!StatsdPrefix.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') || StatsdPrefix.StartsWith('.') || StatsdPrefix.EndsWith('.'))
        {
            yield return $"Telemetry:StatsdPrefix is '{StatsdPrefix}'. Use letters, digits, dots, _ and -, like sync.eu-1, with no dot at either end.";
        }

        if (TraceRatio > 0 && !IsOn)
        {
            yield return "Telemetry:TraceRatio is set, and Telemetry:OtlpEndpoint is not. Name the receiver of the traces.";
        }
    }

    private static bool IsReceiver(string? endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Query.Length == 0;

    private static bool IsHeader(string part)
    {
        var name = part.Split('=', 2)[0].Trim();
        return name.Length < part.Trim().Length && name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && part.All(static c => c is >= ' ' and <= '~');
    }
}
