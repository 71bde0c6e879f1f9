namespace Lockstep.Core.Outcomes;

/// <param name="Indexes">In the order in which they were declared.</param>
/// <param name="Records">Live records of the list.</param>
public sealed record FieldIndexesFound(IReadOnlyList<FieldIndexProgress> Indexes, long Records) : Outcome;

/// <summary>The progress of an index.</summary>
/// <param name="Path">The field, nested with dots.</param>
/// <param name="Built">Records added to it so far; records written meanwhile may be missing in the count.</param>
/// <param name="IsUsable">Whether it has all records, and so is used.</param>
public sealed record FieldIndexProgress(string Path, long Built, bool IsUsable);
