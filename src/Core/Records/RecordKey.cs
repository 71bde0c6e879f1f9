namespace Lockstep.Core.Records;

/// <summary>A row's place within its bucket.</summary>
/// <param name="List">The list's key: unique in the bucket and never used again, so that old rows cannot reappear.</param>
/// <param name="Id">Compared byte by byte.</param>
public readonly record struct RecordKey(int List, string Id);
