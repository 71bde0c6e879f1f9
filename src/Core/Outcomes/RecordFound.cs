using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>The object exists, and the reader may see it.</summary>
/// <param name="Record">The object, with its permissions only if the reader may set them.</param>
public sealed record RecordFound(StoredRecord Record) : Outcome;
