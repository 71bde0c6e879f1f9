using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Json;

/// <summary>
/// The order of all JSON values, in which lists are sorted and filtered: null, texts, numbers, false, true, arrays, objects, and last what is missing. It is that of
/// PostgreSQL's jsonb, but that texts go by their UTF-16 units whatever the database's language, and that an empty array is the shortest of arrays.
/// <list type="bullet">
/// <item>Numbers go by the nearest double, then by the nearest decimal; what neither tells apart is equal.</item>
/// <item>Arrays go by their length, then item by item.</item>
/// <item>Objects go by the number of their members, then by these in the order of their names: name, then value.</item>
/// </list>
/// <see cref="Lists.SortKey"/> writes keys in the same order.
/// </summary>
internal sealed class JsonComparison : IComparer<JsonElement>
{
    public static readonly JsonComparison Order = new();

    /// <summary>Linear in the smaller value, but for texts, which may have to be decoded first.</summary>
    /// <param name="a">A value; undefined for a missing one.</param>
    /// <param name="b">Another one.</param>
    public int Compare(JsonElement a, JsonElement b)
    {
        var byKind = Rank(a).CompareTo(Rank(b));
        return byKind != 0 ? byKind : a.ValueKind switch
        {
            JsonValueKind.String => CompareTexts(a, b),
            JsonValueKind.Number => CompareNumbers(a, b),
            JsonValueKind.Array => CompareArrays(a, b),
            JsonValueKind.Object => CompareObjects(a, b),
            _ => 0,
        };
    }

    private static int Rank(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => 0,
        JsonValueKind.String => 1,
        JsonValueKind.Number => 2,
        JsonValueKind.False => 3,
        JsonValueKind.True => 4,
        JsonValueKind.Array => 5,
        JsonValueKind.Object => 6,
        _ => 7,
    };

    private static int CompareTexts(JsonElement a, JsonElement b)
    {
        var left = JsonMarshal.GetRawUtf8Value(a)[1..^1];
        var right = JsonMarshal.GetRawUtf8Value(b)[1..^1];
        return IsAsDecoded(left) && IsAsDecoded(right)
            ? left.SequenceCompareTo(right)
            : string.CompareOrdinal(JsonText.Decode(a), JsonText.Decode(b));
    }

    /// <summary>Whether its bytes are in the order of its UTF-16 units: there are no escapes, and no characters of four bytes.</summary>
    private static bool IsAsDecoded(ReadOnlySpan<byte> raw) => !raw.Contains((byte)'\\') && !raw.ContainsAnyInRange((byte)0xF0, (byte)0xFF);

    private static int CompareNumbers(JsonElement a, JsonElement b)
    {
        var byDouble = NearestDouble(a).CompareTo(NearestDouble(b));
        return byDouble != 0 ? byDouble : NearestDecimal(a).CompareTo(NearestDecimal(b));
    }

    private static double NearestDouble(JsonElement number) => number.TryGetDouble(out var value) ? value : double.PositiveInfinity;

    private static decimal NearestDecimal(JsonElement number) => number.TryGetDecimal(out var value) ? value : 0;

    private int CompareArrays(JsonElement a, JsonElement b)
    {
        var byLength = a.GetArrayLength().CompareTo(b.GetArrayLength());
        return byLength != 0
            ? byLength
            : a.EnumerateArray().Zip(b.EnumerateArray(), Compare).FirstOrDefault(static order => order != 0);
    }

    private int CompareObjects(JsonElement a, JsonElement b)
    {
        var byCount = a.GetPropertyCount().CompareTo(b.GetPropertyCount());
        if (byCount != 0)
        {
            return byCount;
        }

        foreach (var (left, right) in Sorted(a).Zip(Sorted(b)))
        {
            var byName = string.CompareOrdinal(left.Name, right.Name);
            var order = byName != 0 ? byName : Compare(left.Value, right.Value);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private static IOrderedEnumerable<JsonProperty> Sorted(JsonElement value) =>
        value.EnumerateObject().OrderBy(static member => member.Name, StringComparer.Ordinal);
}
