using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;

namespace Lockstep.Core.Owner;

/// <summary>How a write changes the permissions of its object.</summary>
/// <param name="Acl">The object's permissions afterwards; null for none.</param>
internal sealed record AccessUpdate(AccessList? Acl)
{
    /// <summary>For a bucket: its new author; null to keep the author.</summary>
    public Caller? Author { get; init; }

    /// <summary>For a new bucket: whether its creator becomes its author. Default: true.</summary>
    public bool HasAuthor { get; init; } = true;
}
