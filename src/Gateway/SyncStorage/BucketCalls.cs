using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Asks the owner of a user's storage, once there is room for the largest possible answer.</summary>
public class BucketCalls(IBuckets buckets, AnswerSizes sizes, TimeProvider time)
{
    /// <summary>The sizes of answers.</summary>
    public AnswerSizes Sizes => sizes;

    /// <summary>For a protocol that shows the same data.</summary>
    /// <param name="bucket">A user's storage.</param>
    /// <param name="caller">The user.</param>
    /// <param name="room">The room for the answer. The caller keeps or releases what was promised there.</param>
    /// <param name="operations">In order.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>As of the owner. Without room nothing is done or loaded, and all are unavailable.</returns>
    public async ValueTask<BucketResponse> AskAsync(
        BucketId bucket, Caller caller, AnswerRoom room, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        var request = new BucketRequest(caller, operations);
        if (!await room.PromiseAsync(operations.Sum(sizes.Most), cancellationToken))
        {
            return BucketResponse.Uniform(request, Unavailable.Overloaded);
        }

        return await room.ArrivalAsync(buckets.Get(bucket).ExecuteAsync(request, cancellationToken), time);
    }

    /// <returns>The outcome of the one operation.</returns>
    public async ValueTask<Outcome> AskAsync(IStorageRequest request, Operation operation, CancellationToken cancellationToken) =>
        (await AskAsync(request, [operation], cancellationToken))[0];

    /// <returns>One outcome an operation. Without room nothing is done or loaded, and all are unavailable.</returns>
    public async ValueTask<IReadOnlyList<Outcome>> AskAsync(IStorageRequest request, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
        Outcomes(request, await AskAsync(request.Bucket, request.Caller, request.Room, operations, cancellationToken));

    /// <summary>As <see cref="AskAsync(IStorageRequest, Operation, CancellationToken)"/>, where the request holds room for it already.</summary>
    public async ValueTask<Outcome> AskInRoomAsync(IStorageRequest request, Operation operation, CancellationToken cancellationToken) =>
        Outcomes(request, await buckets.Get(request.Bucket).ExecuteAsync(new BucketRequest(request.Caller, [operation]), cancellationToken))[0];

    private static IReadOnlyList<Outcome> Outcomes(IStorageRequest request, BucketResponse response)
    {
        if (response.ClockLeads)
        {
            request.SlowDown();
        }

        return response.Outcomes;
    }
}
