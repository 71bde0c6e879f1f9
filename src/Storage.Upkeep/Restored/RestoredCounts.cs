namespace Lockstep.Storage.Upkeep.Restored;

/// <summary>What <see cref="RestoredStamps"/> has changed in a database.</summary>
/// <param name="Kinto">Buckets of Kinto whose readers start over.</param>
/// <param name="Sync">Storages of Sync with a newer stamp.</param>
/// <param name="Reset">Those of them whose devices start over, since their <c>meta/global</c> has new ids.</param>
/// <param name="Ahead">Milliseconds that the foremost clock is ahead of the least stamp.</param>
public sealed record RestoredCounts(long Kinto, long Sync, long Reset, long Ahead);
