using Lockstep.Core.Buckets;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>Who asks, as the owners of buckets need to know it. The only place where callers are made.</summary>
public static class Callers
{
    /// <param name="principal">Somebody whom the gateway acts for; null for nobody who signed in.</param>
    /// <param name="bucket">The bucket they ask.</param>
    /// <exception cref="ArgumentException">Nobody has a bucket of their own.</exception>
    public static Caller Of(Principal? principal, BucketId bucket) => principal is not null
        ? new(new(principal.Id) { Account = principal.Ref }, bucket.IsOfOneUser ? BucketAccess.Own : BucketAccess.ByAcl)
        : !bucket.IsOfOneUser ? new(default, BucketAccess.ByAcl)
        : throw new ArgumentException("The bucket is somebody's own.", nameof(bucket));

    /// <param name="principal">Id of somebody whose account is gone, and whose buckets go.</param>
    public static Caller Closing(string principal) => new(new(principal), BucketAccess.System);
}
