using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What streams have in common that can use one read.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="List">The list.</param>
/// <param name="Since">Up to where they have told of it.</param>
/// <param name="Cursor">Where their last page ended; null for none.</param>
/// <param name="Version">What they were told: the read has begun after that.</param>
/// <param name="AtLeast">A stamp that is committed: the read is at least as new, also where an owner does not know yet that it was replaced.</param>
/// <param name="Share">In how many parts a page is shared; 0 for the oldest change alone, without its data.</param>
/// <param name="Alone">Who alone may use it, since what they see is not what others see; null for all for whom the owner says that it is the same.</param>
internal readonly record struct ReadKey(
    BucketId Bucket, ListRef List, ServerTimestamp Since, PageCursor? Cursor, long Version, ServerTimestamp AtLeast, int Share, Caller? Alone = null);
