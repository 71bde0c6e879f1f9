using System.Runtime.ExceptionServices;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes files that no record names. It goes from file to file, least recently checked first, and asks the owner of each file's bucket. Young
/// files are skipped, because their upload may be under way. Several processes may sweep at once; the second finds nothing to do. A bucket or a file that
/// fails holds up no others.
/// </summary>
/// <param name="files">The table of files.</param>
/// <param name="content">Their content.</param>
/// <param name="buckets">The owners.</param>
/// <param name="age">The age at which a file is checked, and the time between checks; zero for never.</param>
/// <param name="time">The clock.</param>
public sealed class AttachmentSweep(IAttachmentStore files, IAttachmentContent content, IBuckets buckets, TimeSpan age, TimeProvider time)
{
    private const int FilesAtOnce = 200;

    // For each file the owner may read earlier states, while other requests wait.
    private const int AskedAtOnce = 20;

    /// <summary>Checks the next files.</summary>
    /// <returns>The number of files removed.</returns>
    /// <exception cref="Exception">Something failed; the rest was done all the same. The last of the failures.</exception>
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
            // The content first. If this is interrupted, the file is found again.
            await TryAsync(async () =>
            {
                await content.RemoveAsync(file, cancellationToken);
                await files.RemoveAsync(file, cancellationToken);
                return gone.Add(file);
            });
        }

        // The others, including those that failed or whose owner could not answer. They are checked again later, and hold up nothing until then.
        await files.MarkAsync([.. few.Select(static file => file.Id).Where(id => !gone.Contains(id))], now, cancellationToken);
        return (gone.Count, failure);

        // Any exception, such as from a silo of an earlier version, which does not know files.
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

    /// <returns>The files that the bucket's owner has released.</returns>
    private async Task<IReadOnlyList<string>> ReleasedAsync(BucketId bucket, IReadOnlyList<Attachment> few, CancellationToken cancellationToken)
    {
        var request = new BucketRequest(Caller.System, [.. few.Select(static file => new ReleaseFile(ListRef.FilesOf(file.Collection), file.Id, file.Record))]);
        var outcomes = (await buckets.Get(bucket).ExecuteAsync(request, cancellationToken)).Outcomes;
        return [.. few.Zip(outcomes).Where(static pair => pair.Second is CountFound { Count: > 0 }).Select(static pair => pair.First.Id)];
    }
}
