namespace Lockstep.Core.Operations;

/// <summary>The changes of a record. Null keeps a value; for a new record it means the default.</summary>
/// <param name="Id">The record.</param>
public sealed record RecordChange(string Id)
{
    /// <summary>Default: empty.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Default: none.</summary>
    public int? SortIndex { get; init; }

    /// <summary>Seconds after the write from which the record counts as absent. Default: never.</summary>
    public int? Lifetime { get; init; }

    /// <summary>The approximate bytes of an operation with these changes.</summary>
    internal static long SizeOf(IReadOnlyList<RecordChange> changes)
    {
        long size = 256;
        foreach (var change in changes)
        {
            size += 256 + (change.Body?.Length ?? 0);
        }

        return size;
    }
}
