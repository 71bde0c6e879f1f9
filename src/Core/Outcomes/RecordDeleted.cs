using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

public sealed record RecordDeleted(StoredRecord Tombstone) : Outcome;
