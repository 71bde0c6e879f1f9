using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// Receives what happens in one bucket, for all of its streams in this process. While a watch is new, or nobody answers, changes may go unreported: then all streams look.
/// </summary>
internal sealed partial class BucketSubscription(BucketId id, ILiveFeed feed, TimeSpan mergeTime, TimeProvider time, Action<BucketSubscription> onLeft, ILogger logger)
{
    // While nobody answers, streams look as often as this.
    private static readonly TimeSpan FallbackTime = TimeSpan.FromSeconds(5);

    // After an answer without news, the next question waits this long.
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    // One counter for all buckets, so that a bucket's next subscription repeats no version of the one before.
    private static long versions;

    private readonly Lock gate = new();
    private readonly HashSet<LiveListener> listeners = [];

    // The number of streams of each caller.
    private readonly Dictionary<Caller, int> callers = [];

    // It has neither a timer nor a handle, so it needs no disposal.
    private readonly CancellationTokenSource ended = NewEnd();
    private long version = Interlocked.Increment(ref versions);
    private long stamp;
    private bool isOver;

    public BucketId Id => id;

    public long Version => Volatile.Read(ref version);

    public ServerTimestamp Stamp => new(Volatile.Read(ref stamp));

    public int Listeners
    {
        get
        {
            lock (gate)
            {
                return listeners.Count;
            }
        }
    }

    /// <returns>Null when the last stream has just left: make another subscription.</returns>
    public LiveListener? TryAdd(string? collection, Caller caller, LiveSignal signal)
    {
        lock (gate)
        {
            if (isOver)
            {
                return null;
            }

            var listener = new LiveListener(this, collection, caller, signal);
            listeners.Add(listener);
            callers[caller] = callers.GetValueOrDefault(caller) + 1;
            return listener;
        }
    }

    /// <summary>The callers with whose rights the streams read, beginning with a given one.</summary>
    public IReadOnlyList<Caller> Callers(Caller first, int most)
    {
        lock (gate)
        {
            return callers.Count <= 1 ? [first] : [first, .. callers.Keys.Where(caller => caller != first).Take(most - 1)];
        }
    }

    public void Remove(LiveListener listener)
    {
        lock (gate)
        {
            if (listeners.Remove(listener) && --callers[listener.Caller] == 0)
            {
                callers.Remove(listener.Caller);
            }

            if (listeners.Count > 0 || isOver)
            {
                return;
            }

            isOver = true;
        }

        ended.Cancel();
        onLeft(this);
    }

    public async Task RunAsync()
    {
        var position = default(FeedPosition);
        var (isNew, isFaultLogged) = (false, false);
        try
        {
            while (!ended.IsCancellationRequested)
            {
                var asked = time.GetTimestamp();
                try
                {
                    var notice = await feed.NextAsync(id, position, ended.Token);
                    if (notice.Position != position)
                    {
                        Volatile.Write(ref stamp, Math.Max(Volatile.Read(ref stamp), notice.Stamp.Milliseconds));
                        var isOther = notice.Position.Epoch != position.Epoch;
                        isNew |= isOther;
                        Tell(isOther ? null : notice.Collections);
                        position = notice.Position;
                        await PauseAsync(mergeTime);
                    }
                    else
                    {
                        if (isNew)
                        {
                            // While silos come and go, the owner may have been elsewhere for a while, and nobody was told what it did there.
                            isNew = false;
                            Tell(collections: null);
                        }

                        if (time.GetElapsedTime(asked) < LeastTime)
                        {
                            await PauseAsync(LeastTime);
                        }
                    }
                }
                catch (Exception e) when (e is not OperationCanceledException || !ended.IsCancellationRequested)
                {
                    // A LiveFeedException is usual while silos come and go. Whatever it is, it may not leave the streams without news.
                    if (e is not LiveFeedException && !isFaultLogged)
                    {
                        isFaultLogged = true;
                        LogFault(e);
                    }

                    position = default;
                    Tell(collections: null);
                    await PauseAsync(Jitter.Of(FallbackTime, 0.75, 1.25));
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The last stream has gone.
        }
    }

    [LoggerMessage(96, LogLevel.Error, "A fault in the program. Streams are not told what happens in a bucket, and look every 5 seconds. Said once for each bucket that is watched. Please report it with the exception.")]
    private partial void LogFault(Exception fault);

    private static CancellationTokenSource NewEnd() => new();

    private void Tell(IReadOnlyList<string>? collections)
    {
        LiveListener[] all;
        ServerTimestamp at;
        lock (gate)
        {
            // A listener that is added from now on knows the stamp, and need not be told of anything before it.
            Volatile.Write(ref version, Interlocked.Increment(ref versions));
            (all, at) = ([.. listeners], Stamp);
        }

        foreach (var listener in all)
        {
            listener.Tell(collections, at);
        }
    }

    private Task PauseAsync(TimeSpan pause) => pause > TimeSpan.Zero ? Task.Delay(pause, time, ended.Token) : Task.CompletedTask;
}
