using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>/__metrics__</c>: the measurements of this process, for Prometheus to scrape.</summary>
/// <remarks>Kinto: kinto/plugins/prometheus.py, where anybody may read them.</remarks>
internal sealed class MetricsView(KintoOptions options, AccountDirectory accounts, IMeasurements? measurements = null)
{
    // Prometheus' text format.
    private const string Text = "text/plain; version=0.0.4; charset=utf-8";

    public KintoPlan Get(KintoRequest request)
    {
        if (options.Metrics != MetricsAccess.Everyone && !(request.Principal is { } principal && accounts.IsAdministrator(principal)))
        {
            return KintoErrors.Forbidden;
        }

        if (measurements is null)
        {
            return KintoErrors.NotFound;
        }

        var bytes = measurements.Read();
        return new KintoResponse(200) { ContentType = Text, Body = output => output.WriteStored(bytes), Length = bytes.Length, Size = bytes.Length };
    }
}
