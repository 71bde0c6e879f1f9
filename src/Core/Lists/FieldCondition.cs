using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Lists;

/// <summary>A <see cref="FieldFilter"/>, prepared once for all records that it is applied to.</summary>
internal sealed class FieldCondition
{
    private readonly FieldTest test;
    private readonly JsonElement value;

    // In order, each once.
    private readonly JsonElement[] values = [];
    private readonly TextPattern? pattern;

    public FieldCondition(FieldFilter filter)
    {
        (test, Path, Names) = (filter.Test, filter.Path, filter.Path.Split('.'));
        using var document = JsonText.ParseAgain(Encoding.UTF8.GetBytes(filter.Value));
        value = document.RootElement.Clone();
        if (test is FieldTest.In or FieldTest.NotIn or FieldTest.Contains or FieldTest.ContainsAny)
        {
            values = [.. new SortedSet<JsonElement>(value.EnumerateArray(), JsonComparison.Order)];
        }

        pattern = test == FieldTest.Like ? new TextPattern(JsonText.Decode(value)) : null;
    }

    /// <summary>The field.</summary>
    public string Path { get; }

    /// <summary>The names in the path to it.</summary>
    public string[] Names { get; }

    /// <param name="field">The field's value; undefined where it is missing.</param>
    /// <param name="text">The field's text in upper case, where it is known. If it is null and needed, it is set. It may be as long as the record.</param>
    public bool Holds(JsonElement field, ref string? text)
    {
        var isThere = field.ValueKind != JsonValueKind.Undefined;
        return test switch
        {
            FieldTest.Equal => isThere && Compare(field) == 0,
            FieldTest.NotEqual => Compare(field) != 0,
            FieldTest.Less => Compare(field) < 0,
            FieldTest.AtMost => Compare(field) <= 0,
            FieldTest.AtLeast => Compare(field) >= 0,
            FieldTest.Greater => Compare(field) > 0,
            FieldTest.In => isThere && Find(field) >= 0,
            FieldTest.NotIn => !isThere || Find(field) < 0,
            FieldTest.Like => isThere && field.ValueKind != JsonValueKind.Null && pattern!.IsMatchInUpperCase(text ??= TextOf(field).ToUpperInvariant()),
            FieldTest.Has => isThere == (value.ValueKind == JsonValueKind.True),
            FieldTest.Contains => field.ValueKind == JsonValueKind.Array && ContainsAll(field),
            FieldTest.ContainsAny => field.ValueKind == JsonValueKind.Array && field.EnumerateArray().Any(item => Find(item) >= 0),
            _ => throw new InvalidOperationException($"Unknown test {test}."),
        };
    }

    private int Compare(JsonElement field) => JsonComparison.Order.Compare(field, value);

    private int Find(JsonElement field) => Array.BinarySearch(values, field, JsonComparison.Order);

    private bool ContainsAll(JsonElement array)
    {
        var (found, left) = (new bool[values.Length], values.Length);
        foreach (var item in array.EnumerateArray())
        {
            if (left == 0)
            {
                break;
            }

            if (Find(item) is >= 0 and var place && !found[place])
            {
                found[place] = true;
                left--;
            }
        }

        return left == 0;
    }

    /// <summary>A string itself; any other value as its JSON, as it was sent.</summary>
    private static string TextOf(JsonElement field) =>
        field.ValueKind == JsonValueKind.String ? JsonText.Decode(field) : Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(field));
}
