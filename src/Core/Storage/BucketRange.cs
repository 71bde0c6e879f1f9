using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>Where the buckets of a <see cref="BucketScan"/> lie in its order. An index goes by one bound at each end, so no end has two.</summary>
/// <param name="Above">Only with later stamps; null for all.</param>
/// <param name="UpTo">Only with stamps no later than this; null for all.</param>
/// <param name="Past">Only what comes after this end of a page in the scan's order; null for all.</param>
public readonly record struct BucketRange(ServerTimestamp? Above, ServerTimestamp? UpTo, PageCursor? Past);
