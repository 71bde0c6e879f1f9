using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Interchange;

/// <summary>What a line of a bucket says.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Clock">The last stamp that it gave.</param>
/// <param name="Base">Its last deletion; zero for none.</param>
/// <param name="Exists">Whether it exists.</param>
/// <param name="Author">Its author, as clients write them; null for none.</param>
internal sealed record ReadBucket(BucketName Name, ServerTimestamp Clock, ServerTimestamp Base, bool Exists, string? Author)
{
    public BucketKind Kind => Name.Kind is BucketName.Named or BucketName.Default ? BucketKind.Kinto : BucketKind.Sync;
}
