using Lockstep.Core.Buckets;

namespace Lockstep.Core.Storage;

/// <summary>A read of the index of principals.</summary>
/// <param name="Buckets">Of these buckets.</param>
/// <param name="Relation">Only such rows. Members only of groups that are there.</param>
/// <param name="Principals">Only of these.</param>
/// <param name="Limit">Rows at most; which ones are left out is not said.</param>
public sealed record GrantScan(IReadOnlyCollection<BucketId> Buckets, GrantRelation Relation, IReadOnlyCollection<string> Principals, int Limit)
{
    /// <summary>Only about this list and all of the bucket; null for all.</summary>
    public int? List { get; init; }

    /// <summary>Of <see cref="GrantRelation.Member"/>: only of these groups. So whatever other groups there are, none of these is left out. Null for all.</summary>
    public IReadOnlyList<GroupName>? Groups { get; init; }
}

/// <summary>A group of a bucket.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Id">The group's id.</param>
public readonly record struct GroupName(BucketId Bucket, string Id);
