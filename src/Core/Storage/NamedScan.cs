namespace Lockstep.Core.Storage;

/// <summary>A read of what names somebody, in all buckets.</summary>
/// <param name="Relation"><see cref="GrantRelation.NamedByBucket"/> for buckets, <see cref="GrantRelation.Named"/> for all that is in them.</param>
/// <param name="Principals">As the index has them.</param>
/// <param name="Limit">Objects that something is made of at most; which ones are left out is not said. Of as many times ten that nothing is made of none are looked at.</param>
public sealed record NamedScan(GrantRelation Relation, IReadOnlyCollection<string> Principals, int Limit)
{
    /// <summary>What an object says is read where one of these is why it was found; of others it is not there. Null for all.</summary>
    public IReadOnlyCollection<string>? Doubtful { get; init; }

    /// <summary>Bytes of what objects say after which to stop. Default: no bound.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;
}
