using OpenTelemetry;

namespace Lockstep.Silo.Telemetry;

/// <summary>Says once when a receiver goes away, and once when it is back.</summary>
/// <param name="endpoint">Its URL, as the log names it.</param>
/// <param name="logger">Where it is said.</param>
internal sealed partial class ReceiverState(string endpoint, ILogger logger)
{
    private int failing;

    /// <returns>The same, for the caller to return.</returns>
    public ExportResult Report(ExportResult result)
    {
        var failed = result == ExportResult.Success ? 0 : 1;
        if (Interlocked.Exchange(ref failing, failed) != failed)
        {
            if (failed != 0)
            {
                LogFailing(endpoint);
            }
            else
            {
                LogSentAgain(endpoint);
            }
        }

        return result;
    }

    [LoggerMessage(30, LogLevel.Warning, "Telemetry cannot be sent to {Endpoint}. Requests are served all the same; the next line like this comes after it was sent again.")]
    private partial void LogFailing(string endpoint);

    [LoggerMessage(31, LogLevel.Information, "Telemetry is sent to {Endpoint} again.")]
    private partial void LogSentAgain(string endpoint);
}
