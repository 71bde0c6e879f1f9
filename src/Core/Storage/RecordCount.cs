namespace Lockstep.Core.Storage;

/// <summary>The number of matching rows of a list, with the matching stamp, read in one snapshot.</summary>
/// <param name="Version">The bucket's version in that snapshot.</param>
/// <param name="Head">The list's head in that snapshot; null if its key is not in use (any more).</param>
/// <param name="Count">The number of rows.</param>
public sealed record RecordCount(long Version, ListHead? Head, long Count)
{
    /// <summary>Bytes of their bodies, if the query asks for expired records; otherwise 0.</summary>
    public long Bytes { get; init; }

    /// <summary>See <see cref="RecordRows.IsIndexed"/>. With an index, no more rows than the scan's limit are counted.</summary>
    public bool IsIndexed { get; init; } = true;
}
