using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes files that no record names: goes from file to file, those first that were looked at longest ago, and asks the owner of each one's bucket. A file that is young
/// is not looked at: its upload may be under way. Several processes may do so at once; whoever comes second finds nothing.
/// </summary>
/// <param name="files">Which files there are.</param>
/// <param name="content">What is in them.</param>
/// <param name="buckets">The owners.</param>
/// <param name="age">After how long a file is looked at, for the first time and again; zero for never.</param>
/// <param name="time">The clock.</param>
public sealed class AttachmentSweep(IAttachmentStore files, IAttachmentContent content, IBuckets buckets, TimeSpan age, TimeProvider time)
{
    private const int FilesAtOnce = 200;

    /// <summary>Looks at the next files.</summary>
    /// <returns>Files that went.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be asked.</exception>
    public async Task<int> StepAsync(CancellationToken cancellationToken)
    {
        if (age <= TimeSpan.Zero)
        {
            return 0;
        }

        var (now, removed) = (ServerTimestamp.Now(time), 0);
        foreach (var some in (await files.ListAsync(now.Plus(-(long)age.TotalMilliseconds), FilesAtOnce, cancellationToken)).GroupBy(static file => file.Bucket))
        {
            removed += await StepAsync(some.Key, [.. some], now, cancellationToken);
        }

        return removed;
    }

    private async Task<int> StepAsync(BucketId bucket, IReadOnlyList<Attachment> some, ServerTimestamp now, CancellationToken cancellationToken)
    {
        var request = new BucketRequest(Caller.System, [.. some.Select(static file => new ReleaseFile(ListRef.FilesOf(file.Collection), file.Id, file.Record))]);
        var outcomes = (await buckets.Get(bucket).ExecuteAsync(request, cancellationToken)).Outcomes;

        // :: Step 1: what its owner has let go of. The content first: what is left of a file that is cut off here is found again.
        var removed = 0;
        foreach (var (file, _) in some.Zip(outcomes).Where(static pair => pair.Second is CountFound { Count: > 0 }))
        {
            await content.RemoveAsync(file.Id, cancellationToken);
            await files.RemoveAsync(file.Id, cancellationToken);
            removed++;
        }

        // :: Step 2: the others, also those whose owner could not say: they come round again, and hold up nothing until then.
        await files.MarkAsync([.. some.Zip(outcomes).Where(static pair => pair.Second is not CountFound { Count: > 0 }).Select(static pair => pair.First.Id)], now, cancellationToken);
        return removed;
    }
}
