namespace Lockstep.Core.Buckets;

/// <summary>A caller, as far as a bucket's owner needs to know them. The default value is nobody, who may do nothing.</summary>
/// <param name="Principals">All that they count as.</param>
/// <param name="Access">The basis of their access.</param>
public readonly record struct Caller(PrincipalSet Principals, BucketAccess Access)
{
    /// <summary>The server itself, which deletes buckets and removes old tombstones.</summary>
    public static readonly Caller System = new(default, BucketAccess.System);
}
