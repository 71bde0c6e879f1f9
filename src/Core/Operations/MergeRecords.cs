using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Creates or changes records, all or none. It also creates the collection, and
/// moves its stamp even if no record changes. A record's stamp moves with its body or its weight, not with its lifetime alone.
/// </summary>
/// <remarks>Sync: PUT of one record, POST of several.</remarks>
/// <param name="List">The records of one collection.</param>
/// <param name="Changes">In order; a later change of the same record sees the result of an earlier one.</param>
public sealed record MergeRecords(ListRef List, IReadOnlyList<RecordChange> Changes) : Operation
{
    /// <summary>
    /// The id of an upload whose changes come before these, and which this completes. All its records get the write's stamp.
    /// Null for none.
    /// </summary>
    public string? Upload { get; init; }

    /// <summary>The maximal bytes of the bodies of the whole bucket afterwards; a write that reduces them is always accepted. Default: no limit.</summary>
    public long Quota { get; init; } = long.MaxValue;

    public override bool IsWrite => true;

    public override long Size => RecordChange.SizeOf(Changes);
}
