using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// A collection's records as they were at a stamp, in the order of their ids. Answered with a page; its cursor's id is where the next one
/// goes on. A stamp before the collection's history begins is refused.
/// </summary>
/// <param name="List">The collection's records.</param>
/// <param name="At">The stamp: of changes that have it too, the outcome counts.</param>
public sealed record ReadAsOf(ListRef List, ServerTimestamp At) : Operation
{
    /// <summary>Only records behind this id; null for all.</summary>
    public string? AfterId { get; init; }

    /// <summary>Only this record; null for all.</summary>
    public string? Id { get; init; }

    /// <summary>
    /// Only what is otherwise now: a record that was not there comes as a tombstone then. Default: all that was there.
    /// </summary>
    public bool OnlyChanged { get; init; }

    /// <summary>Records a page; <see cref="int.MaxValue"/> where a part is of no use: then it is refused where others leave it no time for the whole.</summary>
    public required int Limit { get; init; }

    /// <summary>Bytes of rows a page; it has at least one record.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;

    public override bool IsWrite => false;
}
