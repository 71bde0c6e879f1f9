using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Tombstones">One for each deleted record.</param>
/// <param name="ListStamp">The list's stamp afterwards.</param>
/// <param name="Next">Where to continue if more records match than were deleted; otherwise null.</param>
public sealed record RecordsDeleted(
    IReadOnlyList<StoredRecord> Tombstones, ServerTimestamp ListStamp, PageCursor? Next) : Outcome;
