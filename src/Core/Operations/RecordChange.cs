namespace Lockstep.Core.Operations;

/// <summary>What is to change of a record. What is null stays as it is; in a record that is not there it is the default.</summary>
/// <param name="Id">Which one.</param>
public sealed record RecordChange(string Id)
{
    /// <summary>Default: empty.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Default: none.</summary>
    public int? SortIndex { get; init; }

    /// <summary>Seconds after the write from which the record counts as absent. Default: never.</summary>
    public int? Lifetime { get; init; }
}
