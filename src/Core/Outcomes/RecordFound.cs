using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

public sealed record RecordFound(StoredRecord Record) : Outcome;
