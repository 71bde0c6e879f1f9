using System.Text;
using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// A list parameter that filters on a field: a word for the test, an underscore, and the field; without a word, the test is equality. A value is
/// parsed as JSON if possible, and is otherwise a text.
/// </summary>
/// <remarks>Kinto: docs/api/1.x/filtering.rst.</remarks>
internal static class FieldFilterParameter
{
    private const int MaxDepth = 20;

    // A prefix that begins with another one comes before it.
    private static readonly (string Prefix, FieldTest Test)[] Prefixes =
    [
        ("contains_any_", FieldTest.ContainsAny), ("contains_", FieldTest.Contains),
        ("lt_", FieldTest.Less), ("max_", FieldTest.AtMost), ("min_", FieldTest.AtLeast), ("gt_", FieldTest.Greater),
        ("eq_", FieldTest.Equal), ("not_", FieldTest.NotEqual), ("in_", FieldTest.In), ("exclude_", FieldTest.NotIn),
        ("like_", FieldTest.Like), ("has_", FieldTest.Has),
    ];

    /// <summary>The field of a parameter.</summary>
    public static string PathOf(string name) => name[PrefixOf(name).Prefix.Length..];

    /// <returns>The filter and its number of values; or the fault, as a text for the client.</returns>
    public static (FieldFilter? Filter, int Values, string? Fault) Read(string name, string value)
    {
        var (prefix, test) = PrefixOf(name);
        var path = name[prefix.Length..];
        return path.Length == 0 ? (null, 0, "a filter needs the name of a field")
            : name.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal) ? (null, 0, "Invalid value: it has a NUL")
            : path.AsSpan().Count('.') >= MaxDepth ? (null, 0, $"a field may have {MaxDepth} names")
            : (path, test) switch
            {
                (_, FieldTest.Has) => (value is "true" or "false") ? (new FieldFilter(path, test, value), 1, null) : (null, 0, $"{name} should be true or false"),
                ("id" or "last_modified", FieldTest.Contains or FieldTest.ContainsAny) => (null, 0, $"Invalid value: {path} is no list"),
                ("last_modified", FieldTest.Like) => (null, 0, $"Invalid value: {path} is no text"),
                ("id", _) => Of(path, test, name, value, IdOf),
                ("last_modified", _) => Of(path, test, name, value, StampOf),
                _ => Of(path, test, name, value, ValueOf),
            };
    }

    private static (string Prefix, FieldTest Test) PrefixOf(string name)
    {
        foreach (var known in Prefixes)
        {
            if (name.Length > known.Prefix.Length && name.StartsWith(known.Prefix, StringComparison.Ordinal))
            {
                return known;
            }
        }

        return ("", FieldTest.Equal);
    }

    private static (FieldFilter? Filter, int Values, string? Fault) Of(string path, FieldTest test, string name, string value, Func<string, string?> read)
    {
        string?[] values = test is FieldTest.In or FieldTest.NotIn ? [.. value.Split(',').Select(read)] : [read(value)];
        if (Array.Exists(values, static one => one is null))
        {
            return (null, 0, path is "id" ? $"{name} should be of ids, which are strings" : $"The value should be integer between double quotes or not: {name}");
        }

        var text = test switch
        {
            FieldTest.In or FieldTest.NotIn => $"[{string.Join(',', values)}]",
            FieldTest.Contains or FieldTest.ContainsAny when values[0]![0] != '[' => $"[{values[0]}]",
            _ => values[0]!,
        };
        if (test is FieldTest.Like && text[0] != '"')
        {
            return (null, 0, $"{name} should be a string; write a number that is meant as one between double quotes");
        }

        // Each value can be parsed; a list of them is one level deeper.
        var count = test is FieldTest.In or FieldTest.NotIn or FieldTest.Contains or FieldTest.ContainsAny ? LengthOf(text) : 1;
        return count is null ? (null, 0, $"{name} takes values that are nested less than {JsonText.MaxDepth} deep") : (new FieldFilter(path, test, text), count.Value, null);
    }

    /// <returns>Null if the array is nested too deeply.</returns>
    private static int? LengthOf(string array)
    {
        try
        {
            using var document = JsonText.Parse(Encoding.UTF8.GetBytes(array));
            return document.RootElement.GetArrayLength();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <returns>The value as JSON.</returns>
    private static string ValueOf(string text) => Json(text) ?? JsonSerializer.Serialize(text);

    /// <returns>Null for JSON other than a string; a number counts as a text, because some ids look like one.</returns>
    private static string? IdOf(string text) => Json(text) switch
    {
        ['"', ..] and var json => json,
        null => JsonSerializer.Serialize(text),
        ['-' or (>= '0' and <= '9'), ..] => JsonSerializer.Serialize(text),
        _ => null,
    };

    private static string? StampOf(string text) =>
        StampText.TryParse(text is ['"', .. var quoted, '"'] ? quoted : text, out var stamp) ? $"{stamp.Milliseconds}" : null;

    /// <returns>The text without surrounding blanks if it is JSON; otherwise null.</returns>
    private static string? Json(string text)
    {
        try
        {
            using var document = JsonText.Parse(Encoding.UTF8.GetBytes(text));
            return document.RootElement.GetRawText();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
