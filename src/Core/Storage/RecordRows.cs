using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>Rows of a list with the matching stamps, read in one snapshot.</summary>
/// <param name="Version">The bucket's version in that snapshot.</param>
/// <param name="Head">The list's head in that snapshot; null if its key is not in use (any more).</param>
/// <param name="Records">Rows in the scan's order.</param>
/// <param name="More">Whether a row was left out because of a limit.</param>
public sealed record RecordRows(long Version, ListHead? Head, IReadOnlyList<StoredRecord> Records, bool More)
{
    /// <summary>False if the scan's index does not exist or cannot be used; then nothing was read.</summary>
    public bool IsIndexed { get; init; } = true;
}
