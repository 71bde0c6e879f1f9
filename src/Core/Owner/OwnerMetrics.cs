using System.Diagnostics.Metrics;
using Lockstep.Core.Buckets;
using Lockstep.Core.Metering;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>The measurements of the owners of one <see cref="InProcessBuckets"/>. They name no bucket and no caller.</summary>
internal sealed class OwnerMetrics : IDisposable
{
    private readonly TimeProvider time;
    private readonly Histogram<double> commitDuration;
    private readonly Histogram<double> turnDuration;
    private readonly TaggedCounter refusals = new(LockstepMeter.ReasonTag, "overloaded", "clock_ahead", "store_failed", "fate_unknown");
    private long takeovers;

    /// <param name="owners">Returns the number of owners. Must not keep them alive: a meter that is never disposed of lives for ever.</param>
    /// <param name="queue">The waiting requests.</param>
    /// <param name="time">The clock.</param>
    public OwnerMetrics(Func<int> owners, QueueBudget queue, TimeProvider time)
    {
        this.time = time;
        commitDuration = Meter.CreateHistogram(
            "lockstep.commit.duration", "s", "From handing a bucket's commit to the store to knowing what became of it.", tags: null, LockstepMeter.Seconds);
        turnDuration = Meter.CreateHistogram(
            "lockstep.turn.duration", "s", "From taking requests out of a bucket's queue to having their answers.", tags: null, LockstepMeter.Seconds);
        Meter.CreateObservableCounter("lockstep.refusals", refusals.Read, "{request}", "Requests that an owner did not answer, or not all of.");
        Meter.CreateObservableCounter("lockstep.takeovers", () => Volatile.Read(ref takeovers), "{bucket}", "Buckets that another process has taken over.");
        Meter.CreateObservableUpDownCounter("lockstep.owner.count", owners, "{owner}", "Owners of buckets in memory.");
        Meter.CreateObservableUpDownCounter("lockstep.queue.operations", () => queue.Operations, "{operation}", "Operations that wait for an owner or are in its turn.");
        Meter.CreateObservableUpDownCounter("lockstep.queue.size", () => queue.Bytes, "By", "Bytes of data that wait for an owner or are in its turn.");
    }

    public Meter Meter { get; } = new(LockstepMeter.Name);

    public long Now() => time.GetTimestamp();

    public void Committed(CommitStatus status, long begun)
    {
        if (commitDuration.Enabled)
        {
            commitDuration.TryRecord(time.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>(LockstepMeter.StatusTag, NameOf(status)));
        }
    }

    public void TurnEnded(long begun)
    {
        if (turnDuration.Enabled)
        {
            turnDuration.TryRecord(time.GetElapsedTime(begun).TotalSeconds);
        }
    }

    /// <returns>The answer, which is counted.</returns>
    public BucketResponse Counted(BucketResponse response)
    {
        Answered(response);
        return response;
    }

    /// <param name="response">Null if the request ended in a fault.</param>
    public void Answered(BucketResponse? response)
    {
        for (var i = 0; i < response?.Outcomes.Count; i++)
        {
            if (response.Outcomes[i] is Unavailable { Reason: var reason })
            {
                refusals.Add(PlaceOf(reason));
                return;
            }
        }
    }

    public void TakenOver() => Interlocked.Increment(ref takeovers);

    public void Dispose() => Meter.Dispose();

    private static string NameOf(CommitStatus status) => status switch
    {
        CommitStatus.Done => "done",
        CommitStatus.Stale => "stale",
        CommitStatus.NotExecuted => "not_executed",
        CommitStatus.Refused => "refused",
        CommitStatus.Closed => "closed",
        _ => "unknown",
    };

    private static int PlaceOf(UnavailableReason reason) => reason switch
    {
        UnavailableReason.Overloaded => 0,
        UnavailableReason.ClockAhead => 1,
        UnavailableReason.StoreFailed => 2,
        _ => 3,
    };
}
