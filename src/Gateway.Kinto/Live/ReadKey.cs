using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What streams must have in common to share a read.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="List">The list.</param>
/// <param name="Since">The stamp up to which they have sent the list.</param>
/// <param name="Cursor">Where their last page ended; null for none.</param>
/// <param name="Version">The version of their news: the read begins after that.</param>
/// <param name="AtLeast">A committed stamp. The read is at least as new, even if an owner does not know yet that it was replaced.</param>
/// <param name="Share">The number of parts that the limits of a page are divided into; 0 for the oldest change alone, without its data.</param>
/// <param name="Alone">The only caller who may use it, because they see something else than others; null for all callers for whom the owner says that it is the same.</param>
internal readonly record struct ReadKey(
    BucketId Bucket, ListRef List, ServerTimestamp Since, PageCursor? Cursor, long Version, ServerTimestamp AtLeast, int Share, Caller? Alone = null);
