using Lockstep.Core.Buckets;

namespace Lockstep.Core.Live;

/// <summary>Reports changes of buckets, wherever their owners live. Its notices are hints: see <see cref="ChangeNotice"/>.</summary>
public interface ILiveFeed
{
    /// <summary>Waits for a change after the last notice. Does not keep idle owners in memory.</summary>
    /// <param name="bucket">The bucket, which need not exist.</param>
    /// <param name="seen">The position of the last notice.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>
    /// With another epoch than <paramref name="seen"/>: the watch has only now begun, and earlier changes are not reported. With the same position: nothing has happened so far; ask again.
    /// </returns>
    /// <exception cref="LiveFeedException">The owner's process cannot be reached, or is of a version without live notices.</exception>
    ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, CancellationToken cancellationToken);
}
