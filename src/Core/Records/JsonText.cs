using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Lockstep.Core.Records;

/// <summary>JSON that clients sent.</summary>
public static class JsonText
{
    /// <summary>How many objects and arrays may be nested.</summary>
    public const int MaxDepth = 100;

    private const int QuotedLength = 100;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    private static readonly JsonDocumentOptions AgainOptions = new() { MaxDepth = MaxDepth };

    /// <summary>Parses JSON from outside; every such text passes here. The result reads the memory, which must not change meanwhile.</summary>
    /// <exception cref="JsonException">
    /// Not JSON, not UTF-8, nested more than 100 deep, a name given twice in one object, or a name with half a surrogate pair. The
    /// message says which and where, for the sender of the text.
    /// </exception>
    public static ParsedJson Parse(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new JsonException(JsonFault.Describe(json.Span));
        }

        try
        {
            return LargeJson.Is(json.Span) ? new ParsedJson(LargeJson.Parse(json, ParseDistinct), isLarge: true) : new ParsedJson(ParseDistinct(json), isLarge: false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new JsonException(JsonFault.Describe(json.Span), e);
        }
    }

    /// <summary>
    /// As <see cref="Parse"/>, for texts that passed it before, or are composed of such texts: they are UTF-8, and no object has a
    /// repeated name.
    /// </summary>
    /// <exception cref="JsonException">Nested more than 100 deep.</exception>
    public static ParsedJson ParseAgain(ReadOnlyMemory<byte> json) => LargeJson.Is(json.Span)
        ? new ParsedJson(LargeJson.Parse(json, static json => JsonDocument.Parse(json, AgainOptions)), isLarge: true)
        : new ParsedJson(JsonDocument.Parse(json, AgainOptions), isLarge: false);

    private static JsonDocument ParseDistinct(ReadOnlyMemory<byte> json)
    {
        var document = JsonDocument.Parse(json, AgainOptions);
        if (JsonNames.AreDistinct(document.RootElement))
        {
            return document;
        }

        // Repeated names, or unknown: this check decides, and says why.
        document.Dispose();
        return JsonDocument.Parse(json, Options);
    }

    /// <summary>A text for a message to its sender. It can be as long as the body, and is not cut within a surrogate pair.</summary>
    internal static string Shorten(string text) => text.Length <= QuotedLength
        ? text
        : $"{text[..(char.IsHighSurrogate(text[QuotedLength - 1]) ? QuotedLength - 1 : QuotedLength)]}…";

    /// <summary>The string, or null when the element is not a string or has half a surrogate pair.</summary>
    public static string? Read(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && Decode(element) is var text && IsWhole(text) ? text : null;

    /// <summary>The string as it is. Half a surrogate pair, which only an escape can produce, is kept.</summary>
    /// <param name="element">A string.</param>
    public static string Decode(JsonElement element) => Unescape(JsonMarshal.GetRawUtf8Value(element)[1..^1]);

    /// <param name="raw">The text between the quotes of a string.</param>
    internal static string Unescape(ReadOnlySpan<byte> raw)
    {
        var escape = raw.IndexOf((byte)'\\');
        if (escape < 0)
        {
            return Encoding.UTF8.GetString(raw);
        }

        var text = new StringBuilder(raw.Length);
        for (; escape >= 0; escape = raw.IndexOf((byte)'\\'))
        {
            text.Append(Encoding.UTF8.GetString(raw[..escape]));
            var kind = (char)raw[escape + 1];
            raw = raw[(escape + 2)..];
            if (kind == 'u')
            {
                text.Append((char)ushort.Parse(raw[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                raw = raw[4..];
            }
            else
            {
                text.Append(kind switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', _ => kind });
            }
        }

        return text.Append(Encoding.UTF8.GetString(raw)).ToString();
    }

    /// <summary>Whether JavaScript considers it true: everything but <c>false</c>, <c>null</c>, zero, the empty string, and a missing value.</summary>
    public static bool IsTruthy(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Number => !element.TryGetDouble(out var number) || number != 0,
        JsonValueKind.String => JsonMarshal.GetRawUtf8Value(element).Length > 2,
        _ => true,
    };

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }
}
