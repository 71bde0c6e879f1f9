using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;

namespace Lockstep.Core.Owner;

/// <summary>What a write makes of what its object says of rights.</summary>
/// <param name="Acl">The object's list afterwards; null for none.</param>
internal sealed record AccessUpdate(AccessList? Acl)
{
    /// <summary>Of a bucket: who is its author from now on; null for who is.</summary>
    public Caller? Author { get; init; }

    /// <summary>Of a bucket that comes into being: whether who makes it is its author. Default: true.</summary>
    public bool HasAuthor { get; init; } = true;
}
