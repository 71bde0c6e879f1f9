using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes tombstones that are older than the setting. It goes from list to list along the index, some at a time, and asks
/// each list's owner. Several processes may sweep at once; the second finds nothing to do.
/// </summary>
public sealed class TombstoneSweep(IBucketIndex index, IBuckets buckets, BucketOptions options, TimeProvider time)
{
    private const int ListsAtOnce = 200;
    private const int RowsAtOnce = 500;
    private const int StepsAList = 20;

    private TombstoneEntry? last;

    /// <summary>A skipped bucket of a kind that this program does not know, if there was one.</summary>
    public BucketId? Strange { get; private set; }

    /// <summary>Visits the next lists, and starts again after the last.</summary>
    /// <returns>The number of tombstones removed.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be asked.</exception>
    public async Task<long> StepAsync(CancellationToken cancellationToken)
    {
        if (options.TombstoneRetention <= TimeSpan.Zero)
        {
            return 0;
        }

        var before = ServerTimestamp.Now(time).Plus(-(long)options.TombstoneRetention.TotalMilliseconds);
        var entries = await index.ListTombstonesAsync(last, ListsAtOnce, cancellationToken);
        var purged = 0L;
        foreach (var entry in entries.Where(entry => entry.List is not null && entry.Bucket.Rules.IsKnown && entry.Oldest < before))
        {
            purged += await PurgeAsync(entry, before, cancellationToken);
            last = entry;
        }

        Strange ??= entries.FirstOrDefault(static entry => !entry.Bucket.Rules.IsKnown)?.Bucket;
        last = entries.Count < ListsAtOnce ? null : entries[^1];
        return purged;
    }

    private async ValueTask<long> PurgeAsync(TombstoneEntry entry, ServerTimestamp before, CancellationToken cancellationToken)
    {
        var request = new BucketRequest(Caller.System, [new PurgeTombstones(entry.List!.Value, before, RowsAtOnce)]);
        var purged = 0L;
        for (var step = 0; step < StepsAList; step++)
        {
            var response = await buckets.Get(entry.Bucket).ExecuteAsync(request, cancellationToken);
            if (response.Outcomes[0] is not CountFound { Count: > 0 } found)
            {
                break;
            }

            // Fewer than were asked for may be all that one commit takes.
            purged += found.Count;
        }

        return purged;
    }
}
