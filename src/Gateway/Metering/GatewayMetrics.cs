using System.Diagnostics.Metrics;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Metering;

/// <summary>What the HTTP side of one server measures, besides what ASP.NET Core does itself.</summary>
public sealed class GatewayMetrics : IDisposable
{
    private readonly TaggedCounter refusals = new(LockstepMeter.ReasonTag, "requests", "bodies", "answers");
    private readonly TaggedCounter signIns = new(LockstepMeter.StatusTag, "succeeded", "refused", "throttled", "busy");
    private long housekeepingFailures;
    private long stalledAnswers;

    public GatewayMetrics()
    {
        Meter.CreateObservableCounter("lockstep.http.refusals", refusals.Read, "{request}", "Requests for which there was no room.");
        Meter.CreateObservableCounter("lockstep.http.stalled_answers", () => Volatile.Read(ref stalledAnswers), "{answer}", "Answers cut off since their client took nothing of them for too long.");
        Meter.CreateObservableCounter("lockstep.sign_ins", signIns.Read, "{sign_in}", "Sign-ins that the cache of right passwords could not answer.");
        Meter.CreateObservableCounter("lockstep.housekeeping.failures", () => Volatile.Read(ref housekeepingFailures), "{round}", "Rounds of housekeeping that could not be ended.");
    }

    public Meter Meter { get; } = new(LockstepMeter.Name);

    public void RequestRefused() => refusals.Add(0);

    public void BodyRefused() => refusals.Add(1);

    public void AnswerRefused() => refusals.Add(2);

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
