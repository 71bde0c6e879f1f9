using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The objects that others have shared with a user, anywhere, from the index. It serves lists that span buckets, and admits nobody. The bucket data in such a
/// list also comes from the index, where owners record whom their buckets name. No owner is asked, so none can hold up a list of all those whom it names.
/// </summary>
internal sealed class SharedObjects(IBucketIndex index)
{
    private const int MaxGroups = 10_000;

    /// <summary>The maximal number of others' buckets in a list of buckets.</summary>
    public const int MaxBuckets = 1_000;

    /// <summary>The maximal number of objects in a list of permissions.</summary>
    public const int MaxObjects = 10_000;

    // For the permissions of buckets that name a group which was deleted and created again.
    private const long MaxDoubtfulBytes = 8L << 20;

    // For the permissions of buckets and of everything in them, for a list of permissions.
    private const long MaxBytes = 64L << 20;

    private static readonly Dictionary<string, ServerTimestamp> NoGroups = [];

    /// <summary>All principals of a user, with all of their groups.</summary>
    /// <param name="principal">The user; null if nobody has signed in.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <param name="limit">The maximal number of groups; it is not said which ones are left out.</param>
    public async ValueTask<PrincipalSet> ResolveAsync(Principal? principal, CancellationToken cancellationToken, int limit = MaxGroups)
    {
        var who = principal is null ? default : new PrincipalSet(principal.Id) { Account = principal.Ref };
        if (who.Stored is not { } stored)
        {
            return who;
        }

        var groups = new Dictionary<string, ServerTimestamp>(StringComparer.Ordinal);
        foreach (var grant in await index.ListMembershipsAsync([PrincipalText.Authenticated, stored], limit, cancellationToken))
        {
            groups[PrincipalText.GroupOf(grant.Bucket.Name, grant.Key.Id)] = grant.Stamp;
        }

        return who with { Groups = groups };
    }

    /// <summary>The buckets that name a user, each once; some of them may be the user's own.</summary>
    /// <param name="who">The user, with all of their groups.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <remarks>
    /// A bucket's permissions are checked only if they name a group that was deleted and created again: they may mean the former one. The bytes of such permissions are limited; further
    /// buckets are left out.
    /// </remarks>
    public async ValueTask<IReadOnlyList<BucketEntry>> ListBucketsAsync(PrincipalSet who, CancellationToken cancellationToken)
    {
        var anew = (who.Groups ?? NoGroups).Where(static group => group.Value > ServerTimestamp.Zero).Select(static group => group.Key).ToHashSet(StringComparer.Ordinal);
        var named = await index.ListNamedAsync(
            new NamedScan(GrantRelation.NamedByBucket, who.Indexed(), MaxBuckets) { Doubtful = anew, MaxBytes = MaxDoubtfulBytes },
            bucket => !anew.Contains(bucket.Principal) || RightsOf(bucket, who).Count > 0 ? new BucketEntry(bucket.Bucket, bucket.Modified, IsDeleted: false, bucket.Bytes) : null,
            cancellationToken);
        return [.. named.DistinctBy(static bucket => bucket.Id)];
    }

    /// <summary>Everything that names a user, each once, with the user's rights.</summary>
    public async ValueTask<IReadOnlyList<ObjectOf>> ListAsync(PrincipalSet who, CancellationToken cancellationToken)
    {
        // The objects' permissions are read one after the other and then forgotten: together they could need more room than there is.
        var all = new List<ObjectOf>(await index.ListNamedAsync(new NamedScan(GrantRelation.NamedByBucket, who.Indexed(), MaxObjects) { MaxBytes = MaxBytes }, Of, cancellationToken));
        all.AddRange(await index.ListNamedAsync(
            new NamedScan(GrantRelation.Named, who.Indexed(), MaxObjects - Math.Min(MaxObjects, all.Count)) { MaxBytes = MaxBytes }, Of, cancellationToken));
        return [.. all.DistinctBy(static named => (named.Bucket, named.Target))];

        // History entries are not objects.
        ObjectOf? Of(NamedObject named) => named.Target.List.Role == ListRole.History ? null : RightsOf(named, who) is { Count: > 0 } rights ? new ObjectOf(named.Bucket, named.Target, rights) : null;
    }

    /// <summary>An object of some bucket on which a user has rights.</summary>
    public sealed record ObjectOf(BucketId Bucket, ObjectRef Target, IReadOnlyList<Right> Rights);

    private static IReadOnlyList<Right> RightsOf(NamedObject named, PrincipalSet who) =>
        AccessList.Read(named.Acl) is { } acl ? [.. PermissionNames.In(named.Target.List.Role).Where(right => acl[right].Any(who.Matches))] : [];
}
