using System.Diagnostics;

namespace Lockstep.Silo.Telemetry;

/// <summary>
/// Begins traces at this server. The trace, state and baggage in a request come from whoever sent it. They would otherwise choose which requests are sampled, and what is
/// written beside them.
/// </summary>
internal sealed class OwnTraces : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => [];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        // Nothing that is called from here would continue a trace.
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
