namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What wakes a stream, whichever of its buckets tells something. However often it is set, that wakes once.</summary>
internal sealed class LiveSignal
{
    private TaskCompletionSource? waiting;
    private bool isSet;

    public void Set()
    {
        Volatile.Write(ref isSet, value: true);
        Interlocked.Exchange(ref waiting, null)?.TrySetResult();
    }

    /// <summary>Waits until it is set, or the time has passed. What set it is to be looked for after that.</summary>
    public async ValueTask WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Before it is looked whether it is set, or a setting in between would find nobody.
        Interlocked.Exchange(ref waiting, wait);
        if (!Volatile.Read(ref isSet) && patience > TimeSpan.Zero)
        {
            await wait.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        Interlocked.CompareExchange(ref waiting, null, wait);

        // With a full fence: what is looked for next is looked for after this.
        Interlocked.Exchange(ref isSet, false);
    }
}
