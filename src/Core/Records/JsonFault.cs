using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Lockstep.Core.Records;

/// <summary>
/// Describes, for the sender, the fault in a text that <see cref="JsonText"/> refuses. The framework gives the place only of syntax
/// errors, and does not even name a repeated property. Reads the text once more, so use it for refusals only.
/// </summary>
internal static class JsonFault
{
    /// <param name="json">A refused text.</param>
    /// <returns>The first fault, and its place: <c>The name "a" is given twice in one object (line 1, byte 9).</c></returns>
    public static string Describe(ReadOnlySpan<byte> json)
    {
        var text = json;
        if (FirstInvalidByte(text) is >= 0 and var invalid)
        {
            return $"The text is not UTF-8 {Place(text, invalid)}.";
        }

        // One level more than allowed, to see that it exists; by itself the reader stops at 64.
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth + 1 });
        var objects = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth == JsonText.MaxDepth)
                {
                    return $"More than {JsonText.MaxDepth} objects and arrays lie in each other {Place(text, reader.TokenStartIndex)}.";
                }

                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        objects.Push(new HashSet<string>(StringComparer.Ordinal));
                        break;
                    case JsonTokenType.EndObject:
                        objects.Pop();
                        break;
                    case JsonTokenType.PropertyName:
                        var name = Name(ref reader);
                        if (name is null || !objects.Peek().Add(name))
                        {
                            var fault = name is null ? "A name has half a surrogate pair in it" : $"The name \"{JsonText.Shorten(name)}\" is given twice in one object";
                            return $"{fault} {Place(text, reader.TokenStartIndex)}.";
                        }

                        break;
                }
            }
        }
        catch (JsonException e)
        {
            return $"The text is not JSON {Place(e.LineNumber ?? 0, e.BytePositionInLine ?? 0)}.";
        }

        return "The text is not JSON.";
    }

    private static string? Name(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static long FirstInvalidByte(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return -1;
        }

        var at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    private static string Place(ReadOnlySpan<byte> text, long index)
    {
        var before = text[..(int)index];
        return Place(before.Count((byte)'\n'), index - (before.LastIndexOf((byte)'\n') + 1));
    }

    /// <summary>People count from one.</summary>
    private static string Place(long line, long index) => $"(line {line + 1}, byte {index + 1})";
}
