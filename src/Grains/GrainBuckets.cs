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
/// <item>Reads are sent again, for as long as the setting says.</item>
/// <item>For some time after a call has failed, a write is sent only once its owner has been seen to answer; when it does not
/// answer for as long as the setting says, the write was not executed, and its caller is told that. So a silo that dies leaves
/// only those calls undecided that were under way.</item>
/// </list>
/// </summary>
/// <param name="routes">Ways into the cluster. What is sent again takes the best one at that time.</param>
/// <param name="local">Owners of this process, if it is a silo.</param>
/// <param name="wait">How long a request waits for an owner that cannot be reached.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of calls that failed.</param>
public sealed partial class GrainBuckets(
    IOwnerRoutes routes, LocalOwners? local, TimeSpan wait, TimeProvider time, ILogger<GrainBuckets> logger) : IBuckets
{
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // It stops; it cannot connect to the owner's silo; it has passed the call on too often.
    private static readonly string[] SaidBySilos = ["Silo stopping", "Exception while sending message", "Forwarding failed"];

    // Timestamp of the last failed call; 0 for none.
    private long failed;

    public IBucket Get(BucketId id) => new GrainBucket(this, id);

    private bool IsSuspicious => Volatile.Read(ref failed) is var last && last != 0 && time.GetElapsedTime(last) < SuspicionTime;

    /// <summary>The call did not come back, or was sent back by something on its way.</summary>
    private static bool IsLost(Exception e) => e is OrleansException or TimeoutException or ObjectDisposedException or SentTwiceException;

    /// <summary>
    /// It reached no owner. Orleans rejects calls that never left this process, and those of which a silo says that it did not
    /// pass them on. Of what was under way when a connection broke, or to a silo that is gone, it says something else, which
    /// means that nobody knows; so does anything that is not in this list.
    /// </summary>
    private static bool WasSentBack(Exception e, RequestWire sent) => e switch
    {
        OrleansMessageRejectionException when e.GetType() == typeof(OrleansMessageRejectionException) =>
            !sent.WasSent || Array.Exists(SaidBySilos, text => e.Message.StartsWith(text, StringComparison.Ordinal)),
        SiloUnavailableException => e.Message.EndsWith("' is shutting down.", StringComparison.Ordinal),
        _ => false,
    };

    private void Suspect(string call, IGrainFactory route, Exception e)
    {
        routes.Lost(route);
        var last = Interlocked.Exchange(ref failed, time.GetTimestamp());
        if (last == 0 || time.GetElapsedTime(last) >= LogPause)
        {
            LogLost(call, $"{e.GetType().Name}: {e.Message}");
        }
    }

    [LoggerMessage(36, LogLevel.Information, "An owner's answer to a {Call} did not come back, and perhaps more after that within a second of each other: {Reason}")]
    private partial void LogLost(string call, string reason);

    private async ValueTask<BucketResponse> ReadAsync(BucketId id, BucketRequest request, CancellationToken cancellationToken)
    {
        var wire = RequestWire.From(request);
        var begun = time.GetTimestamp();
        while (true)
        {
            var route = routes.Find(id);
            try
            {
                // Not cancelled either: carrying a token costs every poll more than an answer that nobody reads does now and then.
                return (await OwnerOf(id, route).ExecuteAsync(wire, CancellationToken.None)).ToResponse();
            }
            catch (Exception e) when (IsLost(e))
            {
                Suspect("read", route, e);
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
        while (true)
        {
            var route = IsSuspicious ? await FindAnsweringAsync(id, cancellationToken) : routes.Find(id);
            if (route is null)
            {
                return BucketResponse.Uniform(request, Unavailable.StoreFailed);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var wire = RequestWire.From(request);
            try
            {
                // Once it is sent nothing takes it back: who gives up could not be told whether it was executed.
                return (await OwnerOf(id, route).ExecuteAsync(wire, CancellationToken.None)).ToResponse();
            }
            catch (Exception e) when (WasSentBack(e, wire))
            {
                Suspect("write", route, e);
                if (time.GetElapsedTime(begun) >= wait)
                {
                    return BucketResponse.Uniform(request, Unavailable.StoreFailed);
                }
            }
            catch (Exception e) when (IsLost(e))
            {
                Suspect("write", route, e);
                return BucketResponse.Uniform(request, Unavailable.FateUnknown);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <returns>A way on which the owner has just answered.</returns>
    private async Task<IGrainFactory?> FindAnsweringAsync(BucketId id, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var route = routes.Find(id);
            try
            {
                await OwnerOf(id, route).PingAsync().WaitAsync(PingTime, time, cancellationToken);
                return route;
            }
            catch (Exception e) when (IsLost(e))
            {
                Suspect("ping", route, e);
                if (time.GetElapsedTime(begun) >= wait)
                {
                    return null;
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private ValueTask<BucketResponse>? Locally(BucketId id, BucketRequest request, CancellationToken cancellationToken) =>
        local?.TryExecute(id, request, cancellationToken);

    private static IBucketGrain OwnerOf(BucketId id, IGrainFactory route) => route.GetGrain<IBucketGrain>(id.Value);

    private sealed class GrainBucket(GrainBuckets buckets, BucketId id) : IBucket
    {
        public ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken) =>
            buckets.Locally(id, request, cancellationToken)
            ?? (request.IsReadOnly ? buckets.ReadAsync(id, request, cancellationToken) : buckets.WriteAsync(id, request, cancellationToken));
    }
}
