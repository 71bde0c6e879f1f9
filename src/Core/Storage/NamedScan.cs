namespace Lockstep.Core.Storage;

/// <summary>A read of the objects that name given principals, in all buckets.</summary>
/// <param name="Relation"><see cref="GrantRelation.NamedByBucket"/> for buckets, <see cref="GrantRelation.Named"/> for everything in them.</param>
/// <param name="Principals">As in the index.</param>
/// <param name="Limit">The maximal number of objects that are selected; it is not said which ones are left out. No more than ten times as many are examined.</param>
public sealed record NamedScan(GrantRelation Relation, IReadOnlyCollection<string> Principals, int Limit)
{
    /// <summary>An object's permissions are read if it was found by one of these; for other objects they are missing. Null for all.</summary>
    public IReadOnlyCollection<string>? Doubtful { get; init; }

    /// <summary>Bytes of permissions after which to stop. Default: no limit.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;
}
