using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Tombstones">One for each record that went.</param>
/// <param name="ListStamp">The list's stamp afterwards.</param>
/// <param name="Next">Where to go on when more records match than were deleted; else null.</param>
public sealed record RecordsDeleted(
    IReadOnlyList<StoredRecord> Tombstones, ServerTimestamp ListStamp, PageCursor? Next) : Outcome;
