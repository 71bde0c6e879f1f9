using Lockstep.Core.Records;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Picks out of records that come page by page what an owner does not look at: by weight, and not before so many have passed. Not for several threads.</summary>
internal sealed class Sieve(ListParameters parameters)
{
    private int skip = parameters.Offset;
    private int left = parameters.Limit ?? int.MaxValue;

    /// <summary>Whether no more are wanted.</summary>
    public bool IsFull => left == 0;

    /// <summary>Those of the next page.</summary>
    public IEnumerable<StoredRecord> Of(IReadOnlyList<StoredRecord> page)
    {
        foreach (var record in page)
        {
            if (left == 0)
            {
                yield break;
            }

            if (!(parameters.IndexAbove is { } above && !(record.SortIndex > above)) && !(parameters.IndexBelow is { } below && !(record.SortIndex < below)) && skip-- <= 0)
            {
                left--;
                yield return record;
            }
        }
    }
}
