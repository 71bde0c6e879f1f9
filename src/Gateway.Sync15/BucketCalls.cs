using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Gateway.Sync15;

/// <summary>Asks the owner of a user's storage, once there is room for what the answer can be.</summary>
internal sealed class BucketCalls(IBuckets buckets, AnswerSizes sizes, TimeProvider time)
{
    // An owner that takes longer cannot be reached, or its database hangs: the room that waits for it is for others meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <returns>The outcome of the one operation.</returns>
    public async ValueTask<Outcome> AskAsync(SyncRequest request, Operation operation, CancellationToken cancellationToken) =>
        (await AskAsync(request, [operation], cancellationToken))[0];

    /// <returns>One outcome an operation. Without room nothing is done or loaded, and all are unavailable.</returns>
    public async ValueTask<IReadOnlyList<Outcome>> AskAsync(SyncRequest request, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        if (!await request.Room.PromiseAsync(operations.Sum(sizes.Most), cancellationToken))
        {
            return [.. operations.Select(static _ => Unavailable.Overloaded)];
        }

        var asked = ExecuteAsync(request, operations, cancellationToken);
        return asked.IsCompleted || request.Room.Promised == 0 ? await asked : await LapsingAsync(request, asked.AsTask());
    }

    /// <summary>As <see cref="AskAsync(SyncRequest, Operation, CancellationToken)"/>, where the request holds room for it already.</summary>
    public async ValueTask<Outcome> AskInRoomAsync(SyncRequest request, Operation operation, CancellationToken cancellationToken) =>
        (await ExecuteAsync(request, [operation], cancellationToken))[0];

    private async ValueTask<IReadOnlyList<Outcome>> ExecuteAsync(SyncRequest request, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        var response = await buckets.Get(request.Bucket).ExecuteAsync(new BucketRequest(request.Caller, operations), cancellationToken);
        if (response.ClockLeads)
        {
            request.SlowDown();
        }

        return response.Outcomes;
    }

    private async ValueTask<IReadOnlyList<Outcome>> LapsingAsync(SyncRequest request, Task<IReadOnlyList<Outcome>> asked)
    {
        try
        {
            return await asked.WaitAsync(Patience, time, CancellationToken.None);
        }
        catch (TimeoutException) when (!asked.IsCompleted)
        {
            request.Room.Lapse();
            return await asked;
        }
    }
}
