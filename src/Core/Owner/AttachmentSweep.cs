using System.Runtime.ExceptionServices;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes files that no record names: goes from file to file, those first that were looked at longest ago, and asks the owner of each one's bucket. A file that is young
/// is not looked at: its upload may be under way. Several processes may do so at once; whoever comes second finds nothing. A bucket or a file that fails holds up no others.
/// </summary>
/// <param name="files">Which files there are.</param>
/// <param name="content">What is in them.</param>
/// <param name="buckets">The owners.</param>
/// <param name="age">After how long a file is looked at, for the first time and again; zero for never.</param>
/// <param name="time">The clock.</param>
public sealed class AttachmentSweep(IAttachmentStore files, IAttachmentContent content, IBuckets buckets, TimeSpan age, TimeProvider time)
{
    private const int FilesAtOnce = 200;

    // Of each the owner may read earlier states, while others wait for it.
    private const int AskedAtOnce = 20;

    /// <summary>Looks at the next files.</summary>
    /// <returns>Files that went.</returns>
    /// <exception cref="Exception">Something failed, after all else was done: the last of the reasons.</exception>
    public async Task<int> StepAsync(CancellationToken cancellationToken)
    {
        if (age <= TimeSpan.Zero)
        {
            return 0;
        }

        var (now, removed, failure) = (ServerTimestamp.Now(time), 0, default(Exception));
        foreach (var some in (await files.ListAsync(now.Plus(-(long)age.TotalMilliseconds), FilesAtOnce, cancellationToken)).GroupBy(static file => file.Bucket))
        {
            foreach (var few in some.Chunk(AskedAtOnce))
            {
                var (gone, fault) = await StepAsync(some.Key, few, now, cancellationToken);
                (removed, failure) = (removed + gone, fault ?? failure);
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return removed;
    }

    private async Task<(int Removed, Exception? Failure)> StepAsync(BucketId bucket, IReadOnlyList<Attachment> few, ServerTimestamp now, CancellationToken cancellationToken)
    {
        var (gone, failure) = (new HashSet<string>(StringComparer.Ordinal), default(Exception));
        foreach (var file in await TryAsync(() => ReleasedAsync(bucket, few, cancellationToken)) ?? [])
        {
            // The content first: what is left of a file that is cut off here is found again.
            await TryAsync(async () =>
            {
                await content.RemoveAsync(file, cancellationToken);
                await files.RemoveAsync(file, cancellationToken);
                return gone.Add(file);
            });
        }

        // The others, also those that failed, or whose owner could not say: they come round again, and hold up nothing until then.
        await files.MarkAsync([.. few.Select(static file => file.Id).Where(id => !gone.Contains(id))], now, cancellationToken);
        return (gone.Count, failure);

        // Whatever it is, as from a silo of an earlier version, which knows no files.
        async Task<T?> TryAsync<T>(Func<Task<T>> run)
        {
            try
            {
                return await run();
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failure = e;
                return default;
            }
        }
    }

    /// <returns>What the bucket's owner has let go of.</returns>
    private async Task<IReadOnlyList<string>> ReleasedAsync(BucketId bucket, IReadOnlyList<Attachment> few, CancellationToken cancellationToken)
    {
        var request = new BucketRequest(Caller.System, [.. few.Select(static file => new ReleaseFile(ListRef.FilesOf(file.Collection), file.Id, file.Record))]);
        var outcomes = (await buckets.Get(bucket).ExecuteAsync(request, cancellationToken)).Outcomes;
        return [.. few.Zip(outcomes).Where(static pair => pair.Second is CountFound { Count: > 0 }).Select(static pair => pair.First.Id)];
    }
}
