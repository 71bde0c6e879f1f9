using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>What a commit says of an index.</summary>
/// <param name="List">The key of its list.</param>
/// <param name="Index">The index as it will be.</param>
/// <param name="Touched">
/// <see cref="ListHead.Touched"/> of the list with this commit: only while the list has that stamp the index is in step with it. Null where the index goes; its rows
/// are removed later.
/// </param>
public sealed record FieldIndexChange(int List, FieldIndex Index, ServerTimestamp? Touched);
