using Lockstep.Core.Records;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Filters pages of records by what the owner does not know: sort index, offset and limit. Not for several threads.</summary>
internal sealed class Sieve(ListParameters parameters)
{
    private int skip = parameters.Offset;
    private int left = parameters.Limit ?? int.MaxValue;

    /// <summary>Whether the limit is reached.</summary>
    public bool IsFull => left == 0;

    /// <summary>The selected records of the next page.</summary>
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
