using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// What one process hears of one bucket, for all streams of it. A watch that begins anew, or nobody who tells, may have left something out: then all streams look.
/// </summary>
internal sealed class BucketSubscription(BucketId id, ILiveFeed feed, TimeSpan mergeTime, TimeProvider time, Action<BucketSubscription> onLeft)
{
    // While nobody tells, streams look by themselves as often as this.
    private static readonly TimeSpan FallbackTime = TimeSpan.FromSeconds(5);

    // Answers that say nothing come no faster, whoever gives them.
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    // One for all buckets, so that a bucket's next subscription has others than the one before.
    private static long versions;

    private readonly Lock gate = new();
    private readonly HashSet<LiveListener> listeners = [];

    // With how many streams each has.
    private readonly Dictionary<Caller, int> callers = [];

    // It has neither timer nor handle, and so nothing that needs an end.
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

    /// <returns>Null when the last one has just left: make another one.</returns>
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

    /// <summary>By whose rights streams read, beginning with a given one.</summary>
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
        var isNew = false;
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
                            // While silos come and go the owner may have stayed elsewhere for a while, and what it did there was told to nobody.
                            isNew = false;
                            Tell(collections: null);
                        }

                        if (time.GetElapsedTime(asked) < LeastTime)
                        {
                            await PauseAsync(LeastTime);
                        }
                    }
                }
                catch (Exception) when (!ended.IsCancellationRequested)
                {
                    // Mostly a LiveFeedException; whatever else it is must not leave streams deaf.
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

    private static CancellationTokenSource NewEnd() => new();

    private void Tell(IReadOnlyList<string>? collections)
    {
        LiveListener[] all;
        ServerTimestamp at;
        lock (gate)
        {
            // Whoever is added from now on knows the stamp, and need not be told what came before it.
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
