using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Sync: PUT of one record, POST of several. Makes or changes records, all or none. The collection comes into being with it, and
/// its stamp moves also where no record changes. A record's stamp moves with its body or its weight, not with its lifetime alone.
/// </summary>
/// <param name="List">The records of one collection.</param>
/// <param name="Changes">In order; of two to one record the later one sees what the earlier one has left.</param>
public sealed record MergeRecords(ListRef List, IReadOnlyList<RecordChange> Changes) : Operation
{
    /// <summary>
    /// The id of an upload whose changes come before these, and which ends with this. All records of it get the write's stamp.
    /// Null for none.
    /// </summary>
    public string? Upload { get; init; }

    /// <summary>Bytes that the bodies of the whole bucket may have afterwards, unless it has less than before. Default: no limit.</summary>
    public long Quota { get; init; } = long.MaxValue;

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
