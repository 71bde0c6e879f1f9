using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Grains.Wire;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Lockstep.Grains;

/// <summary>
/// The gateway's port to owners that are grains. Invariants:
/// <list type="number">
/// <item>A write is sent again only if its call was returned before it reached an owner. If it fails otherwise, it may have
/// been executed or may still be, and its caller is told so.</item>
/// <item>Reads are sent again, for as long as the setting says. A read that took Orleans' whole timeout is not: then the read is slow,
/// not the owner gone.</item>
/// <item>A call sent before a silo died that has not returned some seconds later counts as failed: it may have been forwarded to that silo.</item>
/// <item>One time limit covers all waiting: for the cluster, for an owner that answers, and between attempts. A call sent within it
/// takes at most Orleans' timeout, which is longer than an owner's.</item>
/// <item>For some time after a failed call, a write is sent only once its owner has been seen to answer. If the owner does not
/// answer for as long as the setting says, the write was not executed, and its caller is told so. So a silo that dies leaves
/// only those calls undecided that were under way.</item>
/// </list>
/// </summary>
/// <param name="route">The best route to a bucket's owner; each route leads to every owner. Called again for each attempt.</param>
/// <param name="local">Owners of this process, if it is a silo.</param>
/// <param name="joined">Completes when this process has joined the cluster; requests may come before.</param>
/// <param name="wait">How long a request waits for an owner that cannot be reached.</param>
/// <param name="deaths">Cancels calls that were under way when a silo died.</param>
/// <param name="lost">Counts calls that did not return.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs failed calls.</param>
public sealed partial class GrainBuckets(
    Func<BucketId, IGrainFactory> route, LocalOwners? local, Task joined, TimeSpan wait, SiloDeaths deaths, LostCalls lost, TimeProvider time, ILogger<GrainBuckets> logger) : IBuckets
{
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // The silo stops; it cannot connect to the owner's silo; it has forwarded the call too often.
    private static readonly string[] SaidBySilos = ["Silo stopping", "Exception while sending message", "Forwarding failed"];

    private readonly WireVersion version = new(time);

    // Timestamp of the last failed call; 0 for none.
    private long failed;

    // Timestamp of the last call that was counted; 0 for none.
    private long counted;

    public IBucket Get(BucketId id) => new GrainBucket(this, id);

    private bool IsSuspicious => Volatile.Read(ref failed) is var last && last != 0 && time.GetElapsedTime(last) < SuspicionTime;

    /// <summary>Whether the call did not return, was returned by something on its way, or ended with its Orleans client.</summary>
    /// <param name="e">The exception of the call.</param>
    /// <param name="givenUp">The caller's token: a call that ends because of it is not lost.</param>
    private static bool IsLost(Exception e, CancellationToken givenUp) =>
        e is OrleansException or TimeoutException or ObjectDisposedException or SentTwiceException
        || (e is OperationCanceledException && !givenUp.IsCancellationRequested);

    /// <summary>
    /// Whether the call reached no owner. Orleans rejects calls that never left this process, and calls that a silo reports as not
    /// forwarded. For calls that were under way when a connection broke, or to a silo that is gone, it reports something else, which
    /// means that the outcome is unknown. So does anything that is not in this list.
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
                // If its owner answers in any other way, other calls are not at risk.
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
                // Once sent, it is never cancelled: a caller who gave up could not be told whether it was executed.
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
        // Taken before sending: a death reported in between concerns this call.
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
    /// Pings are sent one after the other, and the first answer counts, whichever ping it belongs to. One may be waiting for a dead silo, while a
    /// later one finds the owner in its new place.
    /// </summary>
    /// <returns>A route on which the owner has just answered.</returns>
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

    /// <returns>The route, once the owner has answered on it; null if it does not.</returns>
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
