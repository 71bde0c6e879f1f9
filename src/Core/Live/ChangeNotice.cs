using Lockstep.Core.Time;

namespace Lockstep.Core.Live;

/// <summary>A hint that something in a bucket may have changed. It can come for nothing, and one can be lost; what has changed is read.</summary>
/// <param name="Position">To ask on with.</param>
/// <param name="Stamp">A stamp that is committed: reads have to be at least as new. Zero where none is known.</param>
/// <param name="Collections">Only records of these collections; null for whatever there is in the bucket, rights too.</param>
public sealed record ChangeNotice(FeedPosition Position, ServerTimestamp Stamp, IReadOnlyList<string>? Collections);
