using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Lists;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>The order of all JSON values, in which lists are filtered and sorted.</summary>
public sealed class JsonComparisonTests
{
    [Fact]
    public void Values_AreInTheOrderOfTheTable_AndWhatIsMissingIsTheGreatest()
    {
        JsonElement[] values = [.. FieldFilterCases.Order.Select(static text => JsonSerializer.Deserialize<JsonElement>(text)), default];
        for (var i = 0; i < values.Length; i++)
        {
            for (var j = 0; j < values.Length; j++)
            {
                var expected = i == j || IsEqual(i, j) ? 0 : i.CompareTo(j);
                var pair = $"{TextOf(values[i])} {TextOf(values[j])}";
                Assert.Equal((pair, expected), (pair, Math.Sign(JsonComparison.Order.Compare(values[i], values[j]))));
                Assert.Equal((pair, expected), (pair, Math.Sign(JsonOrder.Compare(values[i], values[j]))));
                Assert.Equal((pair, expected), (pair, Math.Sign(KeyOf(values[i]).AsSpan().SequenceCompareTo(KeyOf(values[j])))));
            }
        }

        bool IsEqual(int i, int j) => Math.Max(i, j) < FieldFilterCases.Order.Count
            && FieldFilterCases.Equal.Any(pair => (pair.A, pair.B) == (FieldFilterCases.Order[i], FieldFilterCases.Order[j]) || (pair.B, pair.A) == (FieldFilterCases.Order[i], FieldFilterCases.Order[j]));
    }

    private static string TextOf(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? "" : value.GetRawText();

    private static byte[] KeyOf(JsonElement value)
    {
        var key = new SortKey(1);
        key.Add(value, isDescending: false);
        return key.Take();
    }
}
