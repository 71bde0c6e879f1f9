using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Grains.Wire;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Lockstep.Grains;

/// <summary>
/// The gateway's port to owners that are grains. Invariants:
/// <list type="number">
/// <item>A write is sent again only when its call was sent back before it reached an owner. When it fails otherwise, it may have
/// been executed or may still be, and its caller is told that.</item>
/// <item>Reads are sent again, for as long as the setting says. One that had Orleans' whole time is not: then the read is slow
/// rather than the owner gone.</item>
/// <item>What was sent before a silo died, and has not come back some seconds later, counts as failed: it may have been passed on to that one.</item>
/// <item>One time is for all waiting: for the cluster, for an owner that answers, and between attempts. A call that is sent by then
/// takes at most what Orleans gives it, which is longer than an owner takes.</item>
/// <item>For some time after a call has failed, a write is sent only once its owner has been seen to answer; when it does not
/// answer for as long as the setting says, the write was not executed, and its caller is told that. So a silo that dies leaves
/// only those calls undecided that were under way.</item>
/// </list>
/// </summary>
/// <param name="route">The best way there is to a bucket's owner; each leads to every owner. Asked again for what is sent again.</param>
/// <param name="local">Owners of this process, if it is a silo.</param>
/// <param name="joined">Ends when this process has joined the cluster; requests may come before.</param>
/// <param name="wait">How long a request waits for an owner that cannot be reached.</param>
/// <param name="deaths">Ends calls that were under way when a silo died.</param>
/// <param name="lost">Counts calls that did not come back.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of calls that failed.</param>
public sealed partial class GrainBuckets(
    Func<BucketId, IGrainFactory> route, LocalOwners? local, Task joined, TimeSpan wait, SiloDeaths deaths, LostCalls lost, TimeProvider time, ILogger<GrainBuckets> logger) : IBuckets
{
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // It stops; it cannot connect to the owner's silo; it has passed the call on too often.
    private static readonly string[] SaidBySilos = ["Silo stopping", "Exception while sending message", "Forwarding failed"];

    private readonly WireVersion version = new(time);

    // Timestamp of the last failed call; 0 for none.
    private long failed;

    // Of the last call that was counted; 0 for none.
    private long counted;

    public IBucket Get(BucketId id) => new GrainBucket(this, id);

    private bool IsSuspicious => Volatile.Read(ref failed) is var last && last != 0 && time.GetElapsedTime(last) < SuspicionTime;

    /// <summary>The call did not come back, or was sent back by something on its way; or a client of Orleans ended with it.</summary>
    /// <param name="e">What the call ended with.</param>
    /// <param name="givenUp">The caller's: what ends because of it is not lost.</param>
    private static bool IsLost(Exception e, CancellationToken givenUp) =>
        e is OrleansException or TimeoutException or ObjectDisposedException or SentTwiceException
        || (e is OperationCanceledException && !givenUp.IsCancellationRequested);

    /// <summary>
    /// It reached no owner. Orleans rejects calls that never left this process, and those of which a silo says that it did not
    /// pass them on. Of what was under way when a connection broke, or to a silo that is gone, it says something else, which
    /// means that nobody knows; so does anything that is not in this list.
    /// </summary>
    private static bool WasSentBack(Exception e, Sending sent) => e switch
    {
        OrleansMessageRejectionException when e.GetType() == typeof(OrleansMessageRejectionException) =>
            !sent.HasBegun || Array.Exists(SaidBySilos, text => e.Message.StartsWith(text, StringComparison.Ordinal)),
        SiloUnavailableException => e.Message.EndsWith("' is shutting down.", StringComparison.Ordinal),
        _ => false,
    };

    private void Suspect(string call, long begun, Exception e)
    {
        Volatile.Write(ref failed, time.GetTimestamp());
        Count(call, begun, e);
    }

    private void Count(string call, long begun, Exception e)
    {
        lost.Add(call);
        var last = Interlocked.Exchange(ref counted, time.GetTimestamp());
        if (last == 0 || time.GetElapsedTime(last) >= LogPause)
        {
            LogLost(call, time.GetElapsedTime(begun), $"{e.GetType().Name}: {e.Message}");
        }
    }

    [LoggerMessage(36, LogLevel.Information, "The answer of a bucket's owner to a {Call} was lost after {Waited}, and its caller was told, or the read was sent again. Losses that follow within a second are not logged. The reason: {Reason}")]
    private partial void LogLost(string call, TimeSpan waited, string reason);

    private async ValueTask<BucketResponse> ReadAsync(BucketId id, BucketRequest request, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        if (!await HasJoinedAsync(cancellationToken))
        {
            return BucketResponse.Uniform(request, Unavailable.StoreFailed);
        }

        while (true)
        {
            var sent = time.GetTimestamp();
            try
            {
                return await CallAsync(id, route(id), new Sending(request), cancellationToken);
            }
            catch (TimeoutException e)
            {
                // If its owner answers something else, other calls need not fear for it.
                if (await PingAsync(id, route(id), cancellationToken) is not null)
                {
                    Count("read", sent, e);
                }
                else
                {
                    Suspect("read", sent, e);
                }

                return BucketResponse.Uniform(request, Unavailable.StoreFailed);
            }
            catch (Exception e) when (IsLost(e, cancellationToken))
            {
                Suspect("read", sent, e);
                if (time.GetElapsedTime(begun) >= wait)
                {
                    return BucketResponse.Uniform(request, Unavailable.StoreFailed);
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async ValueTask<BucketResponse> WriteAsync(BucketId id, BucketRequest request, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        if (!await HasJoinedAsync(cancellationToken))
        {
            return BucketResponse.Uniform(request, Unavailable.StoreFailed);
        }

        while (true)
        {
            var way = IsSuspicious ? await FindAnsweringAsync(id, begun, cancellationToken) : route(id);
            if (way is null)
            {
                return BucketResponse.Uniform(request, Unavailable.StoreFailed);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var sending = new Sending(request);
            var sent = time.GetTimestamp();
            try
            {
                // Once it is sent nothing takes it back: who gives up could not be told whether it was executed.
                return await CallAsync(id, way, sending, CancellationToken.None);
            }
            catch (Exception e) when (WasSentBack(e, sending))
            {
                Suspect("write", sent, e);
                if (time.GetElapsedTime(begun) >= wait)
                {
                    return BucketResponse.Uniform(request, Unavailable.StoreFailed);
                }
            }
            catch (Exception e) when (IsLost(e, cancellationToken))
            {
                Suspect("write", sent, e);
                return BucketResponse.Uniform(request, Unavailable.FateUnknown);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private Task<BucketResponse> CallAsync(BucketId id, IGrainFactory way, Sending sending, CancellationToken givenUp)
    {
        // Before it is sent: a death that is told in between concerns it.
        var next = deaths.Next;
        return version.CallAsync(OwnerOf(id, way), id, sending, givenUp).WaitAsync(next);
    }

    private async ValueTask<bool> HasJoinedAsync(CancellationToken cancellationToken)
    {
        if (!joined.IsCompleted)
        {
            await joined.WaitAsync(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return joined.IsCompleted;
    }

    /// <summary>
    /// Pings go out one after the other, and the first answer counts, whichever ping it is to: one may wait for a silo that is gone, while a
    /// later one finds the owner where it is by now.
    /// </summary>
    /// <returns>A way on which the owner has just answered.</returns>
    private async Task<IGrainFactory?> FindAnsweringAsync(BucketId id, long begun, CancellationToken cancellationToken)
    {
        var pings = new List<Task<IGrainFactory?>>();
        while (true)
        {
            pings.Add(PingAsync(id, route(id), cancellationToken));
            if (!pings.Exists(static ping => ping.IsCompleted))
            {
                await Task.WhenAny([.. pings, Task.Delay(PingInterval, time, cancellationToken)]);
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (pings.Find(static ping => ping.IsCompleted) is { } ended)
            {
                if (await ended is { } way)
                {
                    return way;
                }

                pings.Remove(ended);
                await Task.Delay(Pause, time, cancellationToken);
            }

            if (time.GetElapsedTime(begun) >= wait)
            {
                return null;
            }
        }
    }

    /// <returns>The way, once the owner has answered on it; null when it does not.</returns>
    private async Task<IGrainFactory?> PingAsync(BucketId id, IGrainFactory way, CancellationToken cancellationToken)
    {
        var sent = time.GetTimestamp();
        try
        {
            await OwnerOf(id, way).PingAsync().WaitAsync(PingTime, time, cancellationToken);
            return way;
        }
        catch (Exception e) when (IsLost(e, cancellationToken))
        {
            Suspect("ping", sent, e);
            return null;
        }
    }

    private ValueTask<BucketResponse>? Locally(BucketId id, BucketRequest request, CancellationToken cancellationToken) =>
        local?.TryExecute(id, request, cancellationToken);

    private static IBucketGrain OwnerOf(BucketId id, IGrainFactory way) => way.GetGrain<IBucketGrain>(id.Value);

    private sealed class GrainBucket(GrainBuckets buckets, BucketId id) : IBucket
    {
        public ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken) =>
            buckets.Locally(id, request, cancellationToken)
            ?? (request.IsReadOnly ? buckets.ReadAsync(id, request, cancellationToken) : buckets.WriteAsync(id, request, cancellationToken));
    }
}
