namespace Lockstep.Core.Lists;

/// <param name="Path">A field name, nested by dots: <c>id</c>, <c>last_modified</c> or anything in the data.</param>
/// <param name="Descending">Largest first.</param>
public readonly record struct SortField(string Path, bool Descending);
