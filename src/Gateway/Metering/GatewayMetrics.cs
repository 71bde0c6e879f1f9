using System.Diagnostics.Metrics;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Metering;

/// <summary>What the HTTP side of one server measures, besides what ASP.NET Core does itself.</summary>
public sealed class GatewayMetrics : IDisposable
{
    private readonly TaggedCounter refusals = new(LockstepMeter.ReasonTag, "requests", "bodies", "answers", "rate");
    private readonly TaggedCounter signIns = new(LockstepMeter.StatusTag, "succeeded", "refused", "throttled", "busy");
    private readonly TaggedCounter notices = new(LockstepMeter.StatusTag, "taken", "gone", "later", "refused");
    private long housekeepingFailures;
    private long stalledAnswers;
    private long streams;
    private long watchedBuckets;
    private long changesSent;
    private long changeReads;

    public GatewayMetrics()
    {
        Meter.CreateObservableCounter("lockstep.http.refusals", refusals.Read, "{request}", "Requests for which there was no room, or which came too fast.");
        Meter.CreateObservableCounter("lockstep.http.stalled_answers", () => Volatile.Read(ref stalledAnswers), "{answer}", "Answers cut off since their client took nothing of them for too long.");
        Meter.CreateObservableUpDownCounter("lockstep.live.streams", () => Volatile.Read(ref streams), "{stream}", "Streams of changes that are open.");
        Meter.CreateObservableUpDownCounter("lockstep.live.buckets", () => Volatile.Read(ref watchedBuckets), "{bucket}", "Buckets whose changes this process wants to hear of.");
        Meter.CreateObservableCounter("lockstep.live.changes", () => Volatile.Read(ref changesSent), "{change}", "Changes that were sent on streams.");
        Meter.CreateObservableCounter("lockstep.live.reads", () => Volatile.Read(ref changeReads), "{read}", "Reads of lists for streams; one can be for many.");
        Meter.CreateObservableCounter("lockstep.push.notices", notices.Read, "{notice}", "Notices for apps that sleep, each try, by what push services said.");
        Meter.CreateObservableCounter("lockstep.sign_ins", signIns.Read, "{sign_in}", "Sign-ins that the cache of right passwords could not answer.");
        Meter.CreateObservableCounter("lockstep.housekeeping.failures", () => Volatile.Read(ref housekeepingFailures), "{round}", "Rounds of housekeeping that could not be ended.");
    }

    public Meter Meter { get; } = new(LockstepMeter.Name);

    public void RequestRefused() => refusals.Add(0);

    public void BodyRefused() => refusals.Add(1);

    public void AnswerRefused() => refusals.Add(2);

    public void RateRefused() => refusals.Add(3);

    public void StreamOpened() => Interlocked.Increment(ref streams);

    public void StreamClosed() => Interlocked.Decrement(ref streams);

    public void BucketWatched() => Interlocked.Increment(ref watchedBuckets);

    public void BucketLeft() => Interlocked.Decrement(ref watchedBuckets);

    public void ChangesSent(int count) => Interlocked.Add(ref changesSent, count);

    public void ChangesRead() => Interlocked.Increment(ref changeReads);

    public void NoticeTaken() => notices.Add(0);

    public void NoticeOfOneWhoIsGone() => notices.Add(1);

    public void NoticePostponed() => notices.Add(2);

    public void NoticeRefused() => notices.Add(3);

    public void AnswerStalled() => Interlocked.Increment(ref stalledAnswers);

    public void SignedIn(SignInStatus status) => signIns.Add(status switch
    {
        SignInStatus.Succeeded => 0,
        SignInStatus.Throttled => 2,
        SignInStatus.Busy => 3,
        _ => 1,
    });

    public void HousekeepingFailed() => Interlocked.Increment(ref housekeepingFailures);

    public void Dispose() => Meter.Dispose();
}
