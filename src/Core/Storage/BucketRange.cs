using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>The range of a <see cref="BucketScan"/> in its order. An index uses one bound at each end, so no end has two.</summary>
/// <param name="Above">Only with later stamps; null for all.</param>
/// <param name="UpTo">Only with stamps no later than this; null for all.</param>
/// <param name="Past">Only entries after this end of a page in the scan's order; null for all.</param>
public readonly record struct BucketRange(ServerTimestamp? Above, ServerTimestamp? UpTo, PageCursor? Past);
