using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Tests;

/// <summary>What the order of <see cref="Lists.SortKey"/> is to be, compared value by value.</summary>
internal static class JsonOrder
{
    public static int Compare(JsonElement a, JsonElement b)
    {
        var byKind = Rank(a).CompareTo(Rank(b));
        if (byKind != 0)
        {
            return byKind;
        }

        return a.ValueKind switch
        {
            JsonValueKind.String => string.CompareOrdinal(JsonText.Decode(a), JsonText.Decode(b)),
            JsonValueKind.Number => CompareNumbers(a, b),
            JsonValueKind.True or JsonValueKind.False => (a.ValueKind == JsonValueKind.True).CompareTo(b.ValueKind == JsonValueKind.True),
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
        JsonValueKind.True or JsonValueKind.False => 3,
        JsonValueKind.Array => 4,
        JsonValueKind.Object => 5,
        _ => 6,
    };

    /// <summary>
    /// By the nearest double, then by the nearest decimal: both round without changing the order, so that this is one, for
    /// numbers of any size; what neither tells apart counts as equal.
    /// </summary>
    private static int CompareNumbers(JsonElement a, JsonElement b)
    {
        var byDouble = AsDouble(a).CompareTo(AsDouble(b));
        return byDouble != 0 ? byDouble : AsDecimal(a).CompareTo(AsDecimal(b));
    }

    private static double AsDouble(JsonElement number) => number.TryGetDouble(out var value) ? value : double.PositiveInfinity;

    private static decimal AsDecimal(JsonElement number) => number.TryGetDecimal(out var value) ? value : 0;

    private static int CompareArrays(JsonElement a, JsonElement b)
    {
        var byLength = a.GetArrayLength().CompareTo(b.GetArrayLength());
        return byLength != 0
            ? byLength
            : a.EnumerateArray().Zip(b.EnumerateArray(), Compare).FirstOrDefault(order => order != 0);
    }

    private static int CompareObjects(JsonElement a, JsonElement b)
    {
        var byCount = a.GetPropertyCount().CompareTo(b.GetPropertyCount());
        if (byCount != 0)
        {
            return byCount;
        }

        static IOrderedEnumerable<JsonProperty> Sorted(JsonElement value) =>
            value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal);

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
}
