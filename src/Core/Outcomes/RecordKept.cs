using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>A create found an existing object and left it unchanged.</summary>
public sealed record RecordKept(StoredRecord Record) : Outcome;
