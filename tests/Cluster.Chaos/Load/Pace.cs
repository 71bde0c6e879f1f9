using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>How long clients pause between requests, so that the load is bounded.</summary>
internal static class Pace
{
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(150);

    public static async Task PauseAsync(Answer last, TimeSpan pause, CancellationToken cancellationToken)
    {
        var time = last.Fate is Fate.Answered ? pause * (0.5 + Random.Shared.NextDouble()) : AfterRefusal;
        await RealTime.PassAsync(time, cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
