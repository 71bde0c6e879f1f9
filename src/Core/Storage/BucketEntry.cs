using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A bucket as the index knows it.</summary>
/// <param name="Id">The bucket.</param>
/// <param name="Modified">The stamp of its object, or of its deletion.</param>
/// <param name="IsDeleted">Whether it is gone.</param>
/// <param name="Bytes">Of its object's data.</param>
public sealed record BucketEntry(BucketId Id, ServerTimestamp Modified, bool IsDeleted, long Bytes)
{
    /// <summary>See <see cref="BucketHeads.AuthorNumber"/>.</summary>
    public long? AuthorNumber { get; init; }
}
