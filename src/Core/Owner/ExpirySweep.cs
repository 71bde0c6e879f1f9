using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes expired records. It goes along the index of lists with expiring records, some at a time, and asks each list's owner. Several processes
/// may sweep at once; the second finds nothing to do. Readers see no difference: to them a record is gone once it has
/// expired.
/// </summary>
public sealed class ExpirySweep(IBucketIndex index, IBuckets buckets, TimeProvider time)
{
    private const int ListsAtOnce = 200;
    private const int RowsAtOnce = 500;
    private const int StepsAList = 20;

    private ServerTimestamp last;

    /// <summary>A skipped bucket of a kind that this program does not know, if there was one.</summary>
    public BucketId? Strange { get; private set; }

    /// <summary>Visits the next lists, and starts again after the last. Buckets of an unknown kind are left alone.</summary>
    /// <returns>The number of records removed.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be asked.</exception>
    public async Task<long> StepAsync(CancellationToken cancellationToken)
    {
        var entries = await index.ListExpiringAsync(last, ServerTimestamp.Now(time), ListsAtOnce, cancellationToken);
        var removed = 0L;
        foreach (var entry in entries.Where(static entry => entry.Bucket.Rules.Expires))
        {
            removed += await ExpireAsync(entry, cancellationToken);
        }

        Strange ??= entries.FirstOrDefault(static entry => !entry.Bucket.Rules.IsKnown)?.Bucket;
        last = entries.Count < ListsAtOnce ? ServerTimestamp.Zero : entries[^1].Next;
        return removed;
    }

    private async ValueTask<long> ExpireAsync(ExpiryEntry entry, CancellationToken cancellationToken)
    {
        var request = new BucketRequest(Caller.System, [new ExpireRecords(entry.List, RowsAtOnce)]);
        var removed = 0L;
        for (var step = 0; step < StepsAList; step++)
        {
            var response = await buckets.Get(entry.Bucket).ExecuteAsync(request, cancellationToken);
            if (response.Outcomes[0] is not CountFound found)
            {
                break;
            }

            removed += found.Count;
            if (found.Count < RowsAtOnce)
            {
                break;
            }
        }

        return removed;
    }
}
