using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <summary>The object was deleted.</summary>
/// <param name="Tombstone">Its id, and the stamp of the deletion.</param>
public sealed record RecordDeleted(StoredRecord Tombstone) : Outcome;
