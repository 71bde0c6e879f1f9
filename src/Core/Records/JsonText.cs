using System.Text.Json;
using System.Text.Unicode;

namespace Lockstep.Core.Records;

/// <summary>JSON that clients sent.</summary>
public static class JsonText
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 100, AllowDuplicateProperties = false };

    /// <summary>Every JSON text from outside comes through here. The document reads the memory; it must not change meanwhile.</summary>
    /// <exception cref="JsonException">
    /// Not JSON, not UTF-8, nested more than 100 deep, a name given twice in one object, or a name with half a surrogate pair.
    /// </exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new JsonException("The text is not UTF-8.", path: null, lineNumber: 0, bytePositionInLine: 0);
        }

        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A name is not Unicode.", path: null, lineNumber: 0, bytePositionInLine: 0, e);
        }
    }

    /// <summary>The string, or null when the element is no string or has half a surrogate pair.</summary>
    public static string? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
