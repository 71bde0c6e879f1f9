using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Lockstep.Interchange;

/// <summary>
/// Writes small buckets many at a time, so that a store puts them into few transactions; a large one is written while it is read. Invariants:
/// <list type="number">
/// <item>A small bucket is one commit, whose rows are in memory until it is done: it is stored whole or not at all.</item>
/// <item>What is in memory is bounded, in buckets and in bytes.</item>
/// <item>After the first failure nothing more is begun.</item>
/// </list>
/// Not for several callers at once.
/// </summary>
internal sealed class BucketQueue : IAsyncDisposable
{
    // Well below what a copy stores at once.
    private const int SmallSteps = 1_000;
    private const int SmallBytes = 1 << 20;

    // A bucket takes a place, and one more for each of its parts of this size.
    private const int PlaceBytes = 64 << 10;
    private const int Places = 256;

    // What a step takes beside its content.
    private const int StepBytes = 200;

    private readonly SemaphoreSlim places = new(Places);
    private readonly ConcurrentDictionary<BucketName, bool> running = new();
    private readonly Lock gate = new();
    private List<(FilePlace Place, Func<BucketTarget, ValueTask> Do)> steps = [];
    private BucketTarget? bucket;
    private bool isSmall;
    private long bytes;
    private long strangers;
    private long before;
    private (long Line, ExceptionDispatchInfo Fault)? failure;

    /// <summary>Buckets that were left out.</summary>
    public long Strangers => Interlocked.Read(ref strangers);

    /// <summary>Buckets that an earlier run had completed.</summary>
    public long Before => Interlocked.Read(ref before);

    /// <summary>Begins the next bucket.</summary>
    public async ValueTask BeginAsync(FilePlace place, BucketTarget target, CancellationToken cancellationToken)
    {
        if (running.ContainsKey(target.Name))
        {
            // Twice in the file: the second one is to find the first.
            await DrainAsync();
        }

        (bucket, steps, bytes, isSmall) = (target, [], 0, true);
        await AddAsync(place, 0, one => one.BeginAsync(cancellationToken), cancellationToken);
    }

    /// <summary>Adds a line of the bucket.</summary>
    /// <param name="place">The line.</param>
    /// <param name="length">About how many bytes of it are kept.</param>
    /// <param name="step">What to do with it.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async ValueTask AddAsync(FilePlace place, long length, Func<BucketTarget, ValueTask> step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!isSmall)
        {
            await step(bucket!);
            return;
        }

        steps.Add((place, step));
        bytes += StepBytes + length;
        if (steps.Count >= SmallSteps || bytes >= SmallBytes)
        {
            await NowAsync();
        }
    }

    /// <summary>Carries out what was added of the bucket. What follows is to be done at once.</summary>
    public async ValueTask<BucketTarget> NowAsync()
    {
        if (isSmall)
        {
            isSmall = false;
            await RunAsync(bucket!, steps);
            steps = [];
        }

        return bucket!;
    }

    /// <summary>Ends the bucket. It may be stored later.</summary>
    public async ValueTask EndAsync(FilePlace place, CancellationToken cancellationToken)
    {
        await AddAsync(place, 0, target => target.EndAsync(cancellationToken), cancellationToken);
        var (ended, itsSteps) = (bucket!, steps);
        bucket = null;
        if (!isSmall)
        {
            Count(ended);
            return;
        }

        var taken = 1 + (int)(bytes / PlaceBytes);
        for (var i = 0; i < taken; i++)
        {
            await places.WaitAsync(CancellationToken.None);
        }

        if (failure is not null)
        {
            places.Release(taken);
            await DrainAsync();
        }

        running[ended.Name] = true;
        _ = StoreAsync(ended, itsSteps, taken);
    }

    /// <summary>Waits until all buckets that have ended are stored.</summary>
    /// <exception cref="InterchangeException">One cannot be taken.</exception>
    /// <exception cref="Core.Storage.StoreUnavailableException">The store failed.</exception>
    public async ValueTask DrainAsync()
    {
        await WaitAsync();
        failure?.Fault.Throw();
    }

    /// <summary>Removes what was stored of a bucket that could not be completed.</summary>
    public async ValueTask GiveUpAsync()
    {
        await WaitAsync();
        if (bucket is not null && !isSmall)
        {
            await bucket.GiveUpAsync();
        }
    }

    /// <summary>Returns when nothing is written any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await WaitAsync();
        places.Dispose();
    }

    private async ValueTask WaitAsync()
    {
        for (var i = 0; i < Places; i++)
        {
            await places.WaitAsync();
        }

        places.Release(Places);
    }

    private async Task StoreAsync(BucketTarget target, List<(FilePlace Place, Func<BucketTarget, ValueTask> Do)> itsSteps, int taken)
    {
        try
        {
            await RunAsync(target, itsSteps);
            Count(target);
        }
        catch (Exception e)
        {
            // The first in the file is the one to be told, whichever was the first to fail.
            lock (gate)
            {
                if (failure is not { } known || itsSteps[0].Place.Line < known.Line)
                {
                    failure = (itsSteps[0].Place.Line, ExceptionDispatchInfo.Capture(e));
                }
            }
        }
        finally
        {
            running.TryRemove(target.Name, out _);
            places.Release(taken);
        }
    }

    private static async ValueTask RunAsync(BucketTarget target, List<(FilePlace Place, Func<BucketTarget, ValueTask> Do)> steps)
    {
        foreach (var (place, step) in steps)
        {
            try
            {
                await step(target);
            }
            catch (InterchangeException e)
            {
                throw place.At(e);
            }
        }
    }

    private void Count(BucketTarget target)
    {
        Interlocked.Add(ref strangers, target.IsOfStranger ? 1 : 0);
        Interlocked.Add(ref before, target.WasHere ? 1 : 0);
    }
}
