using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Asks the owner of a user's storage, once there is room for what the answer can be.</summary>
internal sealed class BucketCalls(IBuckets buckets, Sync11Options options, TimeProvider time)
{
    /// <summary>What answers can be.</summary>
    public AnswerSizes Sizes { get; } = new(options.MaxRecordPayloadBytes);

    /// <returns>The outcome of the one operation.</returns>
    public async ValueTask<Outcome> AskAsync(StorageRequest request, Operation operation, CancellationToken cancellationToken) =>
        (await AskAsync(request, [operation], cancellationToken))[0];

    /// <returns>One outcome an operation. Without room nothing is done or loaded, and all are unavailable.</returns>
    public async ValueTask<IReadOnlyList<Outcome>> AskAsync(StorageRequest request, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        var asked = new BucketRequest(request.Caller, operations);
        return await request.Room.PromiseAsync(operations.Sum(Sizes.Most), cancellationToken)
            ? Outcomes(request, await request.Room.ArrivalAsync(buckets.Get(request.Bucket).ExecuteAsync(asked, cancellationToken), time))
            : BucketResponse.Uniform(asked, Unavailable.Overloaded).Outcomes;
    }

    /// <summary>As <see cref="AskAsync(StorageRequest, Operation, CancellationToken)"/>, where the request holds room for it already.</summary>
    public async ValueTask<Outcome> AskInRoomAsync(StorageRequest request, Operation operation, CancellationToken cancellationToken) =>
        Outcomes(request, await buckets.Get(request.Bucket).ExecuteAsync(new BucketRequest(request.Caller, [operation]), cancellationToken))[0];

    private static IReadOnlyList<Outcome> Outcomes(StorageRequest request, BucketResponse response)
    {
        if (response.ClockLeads)
        {
            request.SlowDown();
        }

        return response.Outcomes;
    }
}
