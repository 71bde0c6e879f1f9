using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>A create found the object there and left it alone.</summary>
public sealed record RecordKept(StoredRecord Record) : Outcome;
