using Lockstep.Core.Buckets;

namespace Lockstep.Core.Storage;

/// <summary>A read of the index of principals.</summary>
/// <param name="Buckets">In these buckets.</param>
/// <param name="Relation">Only rows with this relation. Members only of existing groups.</param>
/// <param name="Principals">Only for these principals.</param>
/// <param name="Limit">The maximal number of rows; it is not said which ones are left out.</param>
public sealed record GrantScan(IReadOnlyCollection<BucketId> Buckets, GrantRelation Relation, IReadOnlyCollection<string> Principals, int Limit)
{
    /// <summary>Only rows about this list and the whole bucket; null for all.</summary>
    public int? List { get; init; }

    /// <summary>For <see cref="GrantRelation.Member"/>: only these groups, so that other groups cannot crowd them out. Null for all.</summary>
    public IReadOnlyList<GroupName>? Groups { get; init; }
}

/// <summary>A group of a bucket.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Id">The group's id.</param>
public readonly record struct GroupName(BucketId Bucket, string Id);
