using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A row that the store copies in a commit, in its state before the commit: only its body and author.</summary>
/// <param name="From">The row. If it does not exist, or is a tombstone, nothing is copied.</param>
/// <param name="To">The key of the copy; no row has it, not even one of the commit.</param>
/// <param name="Modified">The copy's stamp.</param>
public readonly record struct RowCopy(RecordKey From, RecordKey To, ServerTimestamp Modified);
