using System.Diagnostics.Metrics;
using Lockstep.Core.Metering;

namespace Lockstep.Grains;

/// <summary>Counts the calls to owners that did not return, by kind; only some are logged.</summary>
public sealed class LostCalls : IDisposable
{
    private static readonly string[] Calls = ["read", "write", "ping"];
    private readonly TaggedCounter counts = new(LockstepMeter.CallTag, Calls);

    public LostCalls() => Meter.CreateObservableCounter(
        "lockstep.calls.lost", counts.Read, "{call}", "Calls to owners that did not come back, also where another try did.");

    /// <summary>For tests.</summary>
    internal Meter Meter { get; } = new(LockstepMeter.Name);

    internal void Add(string call) => counts.Add(Array.IndexOf(Calls, call));

    public void Dispose() => Meter.Dispose();
}
