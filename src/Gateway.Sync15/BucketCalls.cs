using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Gateway.Sync15;

/// <summary>Asks the owner of a user's storage.</summary>
internal sealed class BucketCalls(IBuckets buckets)
{
    /// <returns>The outcome of the one operation.</returns>
    public async ValueTask<Outcome> AskAsync(SyncRequest request, Operation operation, CancellationToken cancellationToken) =>
        (await AskAsync(request, [operation], cancellationToken))[0];

    /// <returns>One outcome an operation.</returns>
    public async ValueTask<IReadOnlyList<Outcome>> AskAsync(SyncRequest request, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        var response = await buckets.Get(request.Bucket).ExecuteAsync(new BucketRequest(request.Caller, operations), cancellationToken);
        if (response.ClockLeads)
        {
            request.SlowDown();
        }

        return response.Outcomes;
    }
}
