using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Sync: POST of a part of a batch. Puts changes by for a later <see cref="MergeRecords"/> that names the upload; readers see none of
/// them. A second change to a record adds to the first.
/// </summary>
/// <param name="List">The records of one collection, which need not be there yet.</param>
/// <param name="Upload">The upload's id, made before the first attempt.</param>
/// <param name="Changes">The changes.</param>
public sealed record StageChanges(ListRef List, string Upload, IReadOnlyList<RecordChange> Changes) : Operation
{
    /// <summary>Whether the upload begins with this. Default: false, it must be there.</summary>
    public bool Opens { get; init; }

    /// <summary>Records that an upload may have.</summary>
    public required int MaxRecords { get; init; }

    /// <summary>Bytes that the bodies of an upload may have.</summary>
    public required long MaxBytes { get; init; }

    public override bool IsWrite => true;

    public override long Size
    {
        get
        {
            long size = 256;
            foreach (var change in Changes)
            {
                size += 256 + (change.Body?.Length ?? 0);
            }

            return size;
        }
    }
}
