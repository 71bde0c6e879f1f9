using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A row that the store copies inside of a commit, as it is before the commit: its body and author, and nothing else of it.</summary>
/// <param name="From">The row. Where there is none, or it is a tombstone, nothing is copied.</param>
/// <param name="To">Where to; no row is there, and none of the commit's.</param>
/// <param name="Modified">The copy's stamp.</param>
public readonly record struct RowCopy(RecordKey From, RecordKey To, ServerTimestamp Modified);
