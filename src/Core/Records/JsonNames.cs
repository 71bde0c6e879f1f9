using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lockstep.Core.Records;

/// <summary>
/// Looks for repeated names in an object, in one walk. The framework's own check, which is for all texts, takes longer than
/// reading them.
/// </summary>
internal static class JsonNames
{
    // The number of names that are compared with each other directly. Few objects have more.
    private const int MaxNames = 64;

    /// <param name="element">A parsed text.</param>
    /// <returns>
    /// True if no object has a repeated name. False also where this is not known: for objects with very many names, and where a name has an escape, so that the same
    /// name can be written in two ways.
    /// </returns>
    public static bool AreDistinct(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array && !AreDistinct(item))
                {
                    return false;
                }
            }

            return true;
        }

        return element.ValueKind != JsonValueKind.Object || (element.GetPropertyCount() <= MaxNames && AreDistinctIn(element));
    }

    private static bool AreDistinctIn(JsonElement element)
    {
        // Equal hashes of two names can also be chance, which counts as not known.
        Span<ulong> seen = stackalloc ulong[MaxNames];
        var count = 0;
        foreach (var property in element.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(property);
            var hash = Hash(name);
            if (name.Contains((byte)'\\') || seen[..count].Contains(hash))
            {
                return false;
            }

            seen[count++] = hash;
            if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && !AreDistinct(property.Value))
            {
                return false;
            }
        }

        return true;
    }

    private static ulong Hash(ReadOnlySpan<byte> name)
    {
        const ulong factor = 0x9E3779B97F4A7C15;
        var hash = (ulong)name.Length;
        for (; name.Length >= sizeof(ulong); name = name[sizeof(ulong)..])
        {
            hash = (BitOperations.RotateLeft(hash, 5) ^ BinaryPrimitives.ReadUInt64LittleEndian(name)) * factor;
        }

        var rest = 0UL;
        foreach (var octet in name)
        {
            rest = (rest << 8) | octet;
        }

        return (BitOperations.RotateLeft(hash, 5) ^ rest) * factor;
    }
}
