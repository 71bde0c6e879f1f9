using Lockstep.Core.Buckets;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>Makes callers: who asks, in the form that the owners of buckets need. Callers are made nowhere else.</summary>
public static class Callers
{
    /// <summary>The server itself, which may read any object of any bucket. It is for reads alone, and nobody is shown what it reads.</summary>
    public static readonly Caller Reader = new(default, BucketAccess.Own);

    /// <param name="principal">The user whom the gateway acts for; null when nobody has signed in.</param>
    /// <param name="bucket">The bucket that they ask.</param>
    /// <exception cref="ArgumentException">A personal bucket was named, but nobody has signed in.</exception>
    public static Caller Of(Principal? principal, BucketId bucket) => principal is not null
        ? new(new(principal.Id) { Account = principal.Ref }, bucket.IsOfOneUser ? BucketAccess.Own : BucketAccess.ByAcl)
        : !bucket.IsOfOneUser ? new(default, BucketAccess.ByAcl)
        : throw new ArgumentException("The bucket is somebody's own.", nameof(bucket));

    /// <param name="principal">Id of a user whose account is deleted, together with their buckets.</param>
    public static Caller Closing(string principal) => new(new(principal), BucketAccess.System);
}
