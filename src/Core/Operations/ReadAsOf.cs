using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// A collection's records as they were at a stamp, in the order of their ids. Answered with a page, whose cursor's id is where the next one
/// continues. A stamp before the begin of the collection's history is refused.
/// </summary>
/// <param name="List">The collection's records.</param>
/// <param name="At">The stamp. The result of changes with this stamp is included.</param>
public sealed record ReadAsOf(ListRef List, ServerTimestamp At) : Operation
{
    /// <summary>Only records after this id; null for all.</summary>
    public string? AfterId { get; init; }

    /// <summary>Only this record; null for all.</summary>
    public string? Id { get; init; }

    /// <summary>
    /// Only records that differ now; one that did not exist then is returned as a tombstone. Default: all that existed.
    /// </summary>
    public bool OnlyChanged { get; init; }

    /// <summary>Records of a page. <see cref="int.MaxValue"/> if a part is of no use: the read is then refused if there is no time for the whole.</summary>
    public required int Limit { get; init; }

    /// <summary>Bytes of rows of a page; it has at least one record.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;

    public override bool IsWrite => false;
}
