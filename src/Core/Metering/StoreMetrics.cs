using System.Diagnostics.Metrics;
using Lockstep.Core.Metering;

namespace Lockstep.Core.Metering;

/// <summary>What every store measures, under the same names whatever the engine. Safe for concurrent use.</summary>
public sealed class StoreMetrics : IDisposable
{
    private readonly TimeProvider time;
    private readonly Histogram<int> writes;
    private readonly Histogram<double> duration;
    private long faults;

    public StoreMetrics(TimeProvider time)
    {
        this.time = time;
        writes = Meter.CreateHistogram(
            "lockstep.transaction.writes", "{write}", "Writes that went into one transaction.", tags: null, LockstepMeter.GroupSizes);
        duration = Meter.CreateHistogram(
            "lockstep.transaction.duration", "s", "From the begin of a transaction that writes to its end, durable or not.", tags: null, LockstepMeter.Seconds);
        Meter.CreateObservableCounter("lockstep.store.faults", () => Volatile.Read(ref faults), "{fault}", "What the database did not do, also where another try did it.");
    }

    /// <summary>For what only one engine can measure.</summary>
    public Meter Meter { get; } = new(LockstepMeter.Name);

    /// <returns>For <see cref="TransactionEnded"/>.</returns>
    public long Now() => time.GetTimestamp();

    /// <param name="count">Writes in it.</param>
    /// <param name="begun">When it began.</param>
    public void TransactionEnded(int count, long begun)
    {
        if (writes.Enabled || duration.Enabled)
        {
            writes.TryRecord(count);
            duration.TryRecord(time.GetElapsedTime(begun).TotalSeconds);
        }
    }

    public void Fault() => Interlocked.Increment(ref faults);

    public void Dispose() => Meter.Dispose();
}
