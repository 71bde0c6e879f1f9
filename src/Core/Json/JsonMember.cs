namespace Lockstep.Core.Json;

/// <summary>A member of an object, as the bytes it was sent as.</summary>
/// <param name="Name">Between its quotes, escapes and all.</param>
/// <param name="Value">The value.</param>
public readonly record struct JsonMember(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value);
