namespace Lockstep.Storage.Upkeep.Check;

/// <summary>The progress of a check in a database.</summary>
/// <param name="Buckets">Buckets that were checked.</param>
/// <param name="AllBuckets">All buckets.</param>
/// <param name="Records">Rows of lists that were read.</param>
public readonly record struct CheckProgress(long Buckets, long AllBuckets, long Records);
