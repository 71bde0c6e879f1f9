namespace Lockstep.Core.Storage;

/// <summary>How many rows of a list match, and the stamp that fits that, read in one snapshot.</summary>
/// <param name="Version">The bucket's version in that snapshot.</param>
/// <param name="Head">The list's head in that snapshot; null when its key is not in use (any more).</param>
/// <param name="Count">Rows.</param>
public sealed record RecordCount(long Version, ListHead? Head, long Count)
{
    /// <summary>Bytes of their bodies, where the query asks for what has expired; else 0.</summary>
    public long Bytes { get; init; }

    /// <summary>As <see cref="RecordRows.IsIndexed"/>. Of an index no more rows than the scan's limit are counted.</summary>
    public bool IsIndexed { get; init; } = true;
}
