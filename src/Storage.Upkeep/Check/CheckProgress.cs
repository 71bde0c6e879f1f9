namespace Lockstep.Storage.Upkeep.Check;

/// <summary>How far a check has come in a database.</summary>
/// <param name="Buckets">Buckets that were checked.</param>
/// <param name="AllBuckets">Buckets that there are.</param>
/// <param name="Records">Rows of lists that were read.</param>
public readonly record struct CheckProgress(long Buckets, long AllBuckets, long Records);
