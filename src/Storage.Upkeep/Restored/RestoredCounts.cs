namespace Lockstep.Storage.Upkeep.Restored;

/// <summary>The changes of <see cref="RestoredStamps"/> in a database.</summary>
/// <param name="Kinto">Buckets of Kinto whose readers start over.</param>
/// <param name="Sync">Storages of Sync with a newer stamp.</param>
/// <param name="Reset">Storages of Sync among these whose devices start over, since their <c>meta/global</c> has new ids.</param>
/// <param name="Ahead">Milliseconds by which the foremost clock is ahead of the least stamp.</param>
public sealed record RestoredCounts(long Kinto, long Sync, long Reset, long Ahead);
