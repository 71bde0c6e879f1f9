namespace Lockstep.Core.Storage;

/// <summary>A row of a bucket's index of principals. It finds objects; their permissions decide.</summary>
/// <param name="List">The key of the object's list.</param>
/// <param name="Relation">The reason for the row.</param>
/// <param name="Principal">In the stored form; a group as clients write it.</param>
/// <param name="Id">The object; empty for a row about a list. For <see cref="GrantRelation.Changed"/>, distinguishes the last changes.</param>
public readonly record struct GrantKey(int List, GrantRelation Relation, string Principal, string Id);
