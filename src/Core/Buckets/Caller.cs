namespace Lockstep.Core.Buckets;

/// <summary>Who asks, as far as a bucket's owner needs to know. The default is nobody, who may do nothing.</summary>
/// <param name="Principals">What they count as.</param>
/// <param name="Access">By what right they come.</param>
public readonly record struct Caller(PrincipalSet Principals, BucketAccess Access)
{
    /// <summary>The server itself, which deletes whatever bucket it is and has old tombstones removed.</summary>
    public static readonly Caller System = new(default, BucketAccess.System);
}
