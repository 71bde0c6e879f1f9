using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A commit's change of an index.</summary>
/// <param name="List">The key of its list.</param>
/// <param name="Index">The index after the commit.</param>
/// <param name="Touched">
/// <see cref="ListHead.Touched"/> of the list with this commit: the index is in step with the list only while the list has that stamp. Null if the index is removed; its rows
/// are removed later.
/// </param>
public sealed record FieldIndexChange(int List, FieldIndex Index, ServerTimestamp? Touched);
