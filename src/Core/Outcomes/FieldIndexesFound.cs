namespace Lockstep.Core.Outcomes;

/// <param name="Indexes">In the order in which they were declared.</param>
/// <param name="Records">Live records of the list.</param>
public sealed record FieldIndexesFound(IReadOnlyList<FieldIndexProgress> Indexes, long Records) : Outcome;

/// <summary>How far an index is.</summary>
/// <param name="Path">The field, nested by dots.</param>
/// <param name="Built">Records that were put into it so far; those that were written meanwhile need not be counted.</param>
/// <param name="IsUsable">Whether all records are in it, so that it is used.</param>
public sealed record FieldIndexProgress(string Path, long Built, bool IsUsable);
