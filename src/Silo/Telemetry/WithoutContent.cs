using System.Diagnostics;
using OpenTelemetry;

namespace Lockstep.Silo.Telemetry;

/// <summary>Lets only those tags of a span out that have few values, all of them known.</summary>
internal sealed class WithoutContent : BaseProcessor<Activity>
{
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "http.request.method", "http.response.status_code", "http.route", "network.protocol.version", "error.type", "url.scheme",
        "db.system.name", "db.system", "db.operation.name", "db.response.status_code", "rpc.system", "rpc.service", "rpc.method",
    };

    public override void OnEnd(Activity data)
    {
        List<string>? dropped = null;
        foreach (ref readonly var tag in data.EnumerateTagObjects())
        {
            if (!Kept.Contains(tag.Key))
            {
                (dropped ??= []).Add(tag.Key);
            }
        }

        dropped?.ForEach(key => data.SetTag(key, null));
        data.TraceStateString = null;
        foreach (ref readonly var happened in data.EnumerateEvents())
        {
            if (happened.Name is "exception")
            {
                // Its text may quote a value, and an event cannot be removed, so the whole span is not sent.
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            }
        }

        // A description is an exception's text.
        data.SetStatus(data.Status);
    }
}
