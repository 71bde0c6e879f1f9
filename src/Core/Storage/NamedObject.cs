using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>An object that names a principal, as found in the index.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Target">The object.</param>
/// <param name="Modified">Its stamp.</param>
/// <param name="Acl">Its permissions, if they were read; see <see cref="StoredRecord.Acl"/>.</param>
public sealed record NamedObject(BucketId Bucket, ObjectRef Target, ServerTimestamp Modified, ReadOnlyMemory<byte>? Acl)
{
    /// <summary>The principal by which it was found, as in the index.</summary>
    public string Principal { get; init; } = "";

    /// <summary>Bytes of its data and its permissions.</summary>
    public long Bytes { get; init; }
}
