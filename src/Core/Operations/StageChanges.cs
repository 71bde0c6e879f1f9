using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Stores changes for a later <see cref="MergeRecords"/> that names the upload; readers do not see
/// them. A second change to a record adds to the first.
/// </summary>
/// <param name="List">The records of one collection, which need not exist yet.</param>
/// <param name="Upload">The upload's id, chosen before the first attempt.</param>
/// <param name="Changes">The changes.</param>
public sealed record StageChanges(ListRef List, string Upload, IReadOnlyList<RecordChange> Changes) : Operation
{
    /// <summary>Whether this starts the upload. Default: false, and the upload must exist.</summary>
    public bool Opens { get; init; }

    /// <summary>The maximal records of an upload.</summary>
    public required int MaxRecords { get; init; }

    /// <summary>The maximal bytes of an upload's bodies.</summary>
    public required long MaxBytes { get; init; }

    public override bool IsWrite => true;

    public override long Size => RecordChange.SizeOf(Changes);
}
