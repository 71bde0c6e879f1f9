using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A record's row in an index.</summary>
/// <param name="Index">The index.</param>
/// <param name="Id">The record.</param>
/// <param name="Modified">Its stamp.</param>
/// <param name="Key">The field's value in the order of all values; null if the record is removed from the index.</param>
public sealed record FieldKeyChange(int Index, string Id, ServerTimestamp Modified, ReadOnlyMemory<byte>? Key);
