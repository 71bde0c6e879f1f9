using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>One stream's ear at a bucket. However often it is told, that is one thing to look after: so nothing piles up for a stream that is slow.</summary>
/// <param name="subscription">The bucket's.</param>
/// <param name="collection">Whose records alone matter; empty for everything but records; null for all there is.</param>
internal sealed class LiveListener(BucketSubscription subscription, string? collection) : IDisposable
{
    private TaskCompletionSource? waiting;
    private bool isTold;

    /// <summary>Whether there is something to look after.</summary>
    public bool IsTold => Volatile.Read(ref isTold);

    /// <summary>The newest stamp that is known to be committed; zero for none.</summary>
    public ServerTimestamp Stamp => subscription.Stamp;

    /// <summary>Whether it is the only one at its bucket.</summary>
    public bool IsAlone => subscription.Listeners <= 1;

    /// <summary>It is being looked after.</summary>
    /// <returns>Rises with what the bucket's listeners were told: what is read with it, is read after that.</returns>
    public long Take()
    {
        // Before the version is read, or a telling in between would be taken and not looked after.
        Interlocked.Exchange(ref isTold, false);
        return subscription.Version;
    }

    /// <param name="collections">Only records of these have changed; null for whatever.</param>
    public void Tell(IReadOnlyList<string>? collections)
    {
        if (collections is not null && collection is not null && !collections.Contains(collection, StringComparer.Ordinal))
        {
            return;
        }

        Volatile.Write(ref isTold, true);
        Interlocked.Exchange(ref waiting, null)?.TrySetResult();
    }

    /// <returns>Whether it was told; false when the time has passed.</returns>
    public async ValueTask<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Before it is looked whether it was told, or a telling in between would find nobody.
        Interlocked.Exchange(ref waiting, wait);
        if (!IsTold && patience > TimeSpan.Zero)
        {
            await wait.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        Interlocked.CompareExchange(ref waiting, null, wait);
        return IsTold;
    }

    public void Dispose() => subscription.Remove(this);
}
