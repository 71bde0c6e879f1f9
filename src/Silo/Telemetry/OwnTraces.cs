using System.Diagnostics;

namespace Lockstep.Silo.Telemetry;

/// <summary>
/// Begins traces at this server's door. What a request says of a trace, its state and baggage comes from whoever sent it: they
/// would choose which requests are sampled, and what is written beside them.
/// </summary>
internal sealed class OwnTraces : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => [];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        // Nothing is called from here that would go on with a trace.
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
