namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Wakes a stream when any of its buckets has news. However often it is set meanwhile, it wakes the stream once.</summary>
internal sealed class LiveSignal
{
    private TaskCompletionSource? waiting;
    private bool isSet;

    public void Set()
    {
        Volatile.Write(ref isSet, value: true);
        Interlocked.Exchange(ref waiting, null)?.TrySetResult();
    }

    /// <summary>Waits until it is set, or the time has passed. The caller looks for the news after that.</summary>
    public async ValueTask WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Before checking whether it is set. Otherwise a call of Set in between would find nobody waiting.
        Interlocked.Exchange(ref waiting, wait);
        if (!Volatile.Read(ref isSet) && patience > TimeSpan.Zero)
        {
            await wait.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        Interlocked.CompareExchange(ref waiting, null, wait);

        // With a full fence: the caller's next look comes after this.
        Interlocked.Exchange(ref isSet, false);
    }
}
