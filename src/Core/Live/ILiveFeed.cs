using Lockstep.Core.Buckets;

namespace Lockstep.Core.Live;

/// <summary>Tells that buckets have changed, wherever their owners live. What it tells are hints: see <see cref="ChangeNotice"/>.</summary>
public interface ILiveFeed
{
    /// <summary>Waits for something that happens after what was told before. Owners that have nothing to do are not kept in memory for it.</summary>
    /// <param name="bucket">The bucket, which need not exist.</param>
    /// <param name="seen">What the last notice had.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// With another epoch than was seen: the watch has only now begun, and what happened before is not told. With the position that was seen: nothing happened so far; ask again.
    /// </returns>
    /// <exception cref="LiveFeedException">The owner's process cannot be reached, or is of a version that tells nothing.</exception>
    ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, CancellationToken cancellationToken);
}
