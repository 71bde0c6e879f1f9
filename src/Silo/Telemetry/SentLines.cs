using OpenTelemetry;
using OpenTelemetry.Logs;

namespace Lockstep.Silo.Telemetry;

/// <summary>Lets the lines of a level and above out, each with the number of its event. A queue holds them, and drops what does not fit: nobody waits.</summary>
internal sealed class SentLines(LogLevel least, BaseExporter<LogRecord> sender) : BatchLogRecordExportProcessor(sender)
{
    /// <summary>The attribute with the number that the documentation knows a line by.</summary>
    public const string EventId = "lockstep.event.id";

    public override void OnEnd(LogRecord data)
    {
        if (data.LogLevel < least)
        {
            return;
        }

        if (data.EventId.Id != 0)
        {
            data.Attributes = [.. data.Attributes ?? [], new(EventId, data.EventId.Id)];
        }

        base.OnEnd(data);
    }
}
