using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>An object that names somebody, as the index finds it.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Target">Which one it is.</param>
/// <param name="Modified">Its stamp.</param>
/// <param name="Acl">What it says, where that was read; see <see cref="StoredRecord.Acl"/>.</param>
public sealed record NamedObject(BucketId Bucket, ObjectRef Target, ServerTimestamp Modified, ReadOnlyMemory<byte>? Acl)
{
    /// <summary>By what it was found, as the index has it.</summary>
    public string Principal { get; init; } = "";

    /// <summary>Bytes of its data and of what it says.</summary>
    public long Bytes { get; init; }
}
