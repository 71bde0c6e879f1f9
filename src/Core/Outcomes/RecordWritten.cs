using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <param name="Record">As it is now.</param>
/// <param name="Previous">As it was; null or a tombstone when it was created.</param>
public sealed record RecordWritten(StoredRecord Record, StoredRecord? Previous) : Outcome
{
    public bool Created => Previous is null or { IsTombstone: true };
}
