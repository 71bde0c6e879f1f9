using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// What others have shared with somebody, wherever it lies, from the index. It is for lists that span buckets and lets nobody in. What such a list shows of a
/// bucket comes from the index too, in which its owner has written whom it names: no owner is asked, so that none can keep a list from everybody whom it names.
/// </summary>
internal sealed class SharedObjects(IBucketIndex index)
{
    private const int MaxGroups = 10_000;

    /// <summary>Buckets of others that a list of buckets has at most.</summary>
    public const int MaxBuckets = 1_000;

    /// <summary>Objects that a list of permissions has at most.</summary>
    public const int MaxObjects = 10_000;

    // Of what buckets say that name a group which was made anew.
    private const long MaxDoubtfulBytes = 8L << 20;

    // Of what buckets say, and of what is said by all that is in them, for a list of permissions.
    private const long MaxBytes = 64L << 20;

    private static readonly Dictionary<string, ServerTimestamp> NoGroups = [];

    /// <summary>All that somebody counts as, with all of their groups.</summary>
    /// <param name="principal">Who; null for nobody who signed in.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="limit">Groups at most; which ones are left out is not said.</param>
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

    /// <summary>Buckets that name somebody, each once; some of them may be their own.</summary>
    /// <param name="who">Who, with all of their groups.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <remarks>
    /// What these say is looked at only where they name a group that was made anew: perhaps they mean the former one. Of such no more than so many bytes, and the
    /// others are left out.
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

    /// <summary>Everything that names somebody, each once, with what it lets them do.</summary>
    public async ValueTask<IReadOnlyList<ObjectOf>> ListAsync(PrincipalSet who, CancellationToken cancellationToken)
    {
        // What the objects say is read one after the other and forgotten: together it could be more than there is room for.
        var all = new List<ObjectOf>(await index.ListNamedAsync(new NamedScan(GrantRelation.NamedByBucket, who.Indexed(), MaxObjects) { MaxBytes = MaxBytes }, Of, cancellationToken));
        all.AddRange(await index.ListNamedAsync(
            new NamedScan(GrantRelation.Named, who.Indexed(), MaxObjects - Math.Min(MaxObjects, all.Count)) { MaxBytes = MaxBytes }, Of, cancellationToken));
        return [.. all.DistinctBy(static named => (named.Bucket, named.Target))];

        // Entries of a history are no objects of their own.
        ObjectOf? Of(NamedObject named) => named.Target.List.Role == ListRole.History ? null : RightsOf(named, who) is { Count: > 0 } rights ? new ObjectOf(named.Bucket, named.Target, rights) : null;
    }

    /// <summary>An object of some bucket on which somebody has rights.</summary>
    public sealed record ObjectOf(BucketId Bucket, ObjectRef Target, IReadOnlyList<Right> Rights);

    private static IReadOnlyList<Right> RightsOf(NamedObject named, PrincipalSet who) =>
        AccessList.Read(named.Acl) is { } acl ? [.. PermissionNames.In(named.Target.List.Role).Where(right => acl[right].Any(who.Matches))] : [];
}
