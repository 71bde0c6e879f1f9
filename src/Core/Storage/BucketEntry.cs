using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A bucket in the index.</summary>
/// <param name="Id">The bucket.</param>
/// <param name="Modified">The stamp of its object, or of its deletion.</param>
/// <param name="IsDeleted">Whether it is deleted.</param>
/// <param name="Bytes">Bytes of its object's data.</param>
public sealed record BucketEntry(BucketId Id, ServerTimestamp Modified, bool IsDeleted, long Bytes)
{
    /// <summary>See <see cref="BucketHeads.AuthorNumber"/>.</summary>
    public long? AuthorNumber { get; init; }
}
