namespace Lockstep.Core.Storage;

/// <summary>A row of a bucket's index of principals. It finds objects; what they say decides.</summary>
/// <param name="List">The key of the list that the object is in.</param>
/// <param name="Relation">Why it is there.</param>
/// <param name="Principal">In the stored form; a group in the form of clients.</param>
/// <param name="Id">The object; empty where it is about a list. Of <see cref="GrantRelation.Changed"/> what keeps the last changes apart.</param>
public readonly record struct GrantKey(int List, GrantRelation Relation, string Principal, string Id);
