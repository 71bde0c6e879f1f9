using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Time;

namespace Lockstep.Interchange;

/// <summary>A line as it was read. Whatever does not fit is an <see cref="InterchangeException"/> that names the line and the field.</summary>
internal sealed class ExportLine : IDisposable
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ExportFormat.MaxDepth };

    private readonly JsonDocument document;

    private ExportLine(JsonDocument document, long number) => (this.document, Number) = (document, number);

    /// <summary>From 1 on.</summary>
    public long Number { get; }

    /// <summary>See <see cref="LineType"/>.</summary>
    public string Type { get; private init; } = "";

    public FilePlace Place => new(Number, Type);

    public static ExportLine Parse(ReadOnlyMemory<byte> text, long number)
    {
        JsonDocument? parsed = null;
        try
        {
            parsed = JsonDocument.Parse(text, Options);
            return parsed.RootElement.ValueKind == JsonValueKind.Object && parsed.RootElement.TryGetProperty("t"u8, out var type) && type.ValueKind == JsonValueKind.String
                ? new ExportLine(parsed, number) { Type = type.GetString()! }
                : throw new InterchangeException(FormattableString.Invariant($"Line {number} is not a line of an export: it is no JSON object with a field 't'."));
        }
        catch (JsonException e)
        {
            throw new InterchangeException(FormattableString.Invariant($"Line {number} is not a line of an export: it is no JSON, from byte {e.BytePositionInLine} on."), e);
        }
        catch (InterchangeException)
        {
            parsed!.Dispose();
            throw;
        }
    }

    public bool Has(string field) => document.RootElement.TryGetProperty(field, out _);

    public string Text(string field) => TextOrNull(field) ?? throw Bad(field, "is missing");

    public string? TextOrNull(string field)
    {
        return document.RootElement.TryGetProperty(field, out var value) ? Read(value, field) : null;
    }

    public long Number64(string field) => Number64OrNull(field) ?? throw Bad(field, "is missing");

    /// <summary>A whole number that is not negative.</summary>
    public long? Number64OrNull(string field) => !document.RootElement.TryGetProperty(field, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0 ? number
        : throw Bad(field, "is not a whole number from 0 on");

    public int? Number32OrNull(string field) => !document.RootElement.TryGetProperty(field, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : throw Bad(field, "is not a whole number");

    public ServerTimestamp Stamp(string field) => new(Number64(field));

    public ServerTimestamp StampOrZero(string field) => new(Number64OrNull(field) ?? 0);

    public bool Flag(string field) => document.RootElement.TryGetProperty(field, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad(field, "is neither true nor false"),
    };

    /// <summary>A JSON object, byte for byte; null for none.</summary>
    public ReadOnlyMemory<byte>? ObjectOrNull(string field) => !document.RootElement.TryGetProperty(field, out var value) ? default(ReadOnlyMemory<byte>?)
        : value.ValueKind == JsonValueKind.Object ? new ReadOnlyMemory<byte>(JsonMarshal.GetRawUtf8Value(value).ToArray())
        : throw Bad(field, "is not an object");

    public JsonElement Object(string field) => document.RootElement.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Object
        ? value
        : throw Bad(field, "is not an object");

    public IReadOnlyList<string> Texts(string field)
    {
        if (!document.RootElement.TryGetProperty(field, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => Read(item, field))] : throw Bad(field, "is not an array of texts");
    }

    /// <summary>A text within a field. Names and the like have no NUL: not every database stores it.</summary>
    public string Read(JsonElement value, string field) => ReadAny(value, field) is var text && !text.Contains('\0') ? text : throw Bad(field, "has a NUL");

    /// <summary>What <c>data</c>, <c>text</c> or <c>bytes</c> has; empty for none.</summary>
    public ReadOnlyMemory<byte> Body()
    {
        if (ObjectOrNull("data") is { } data)
        {
            return data;
        }

        return document.RootElement.TryGetProperty("text", out var text) ? Encoding.UTF8.GetBytes(ReadAny(text, "text")) : Has("bytes") ? Bytes("bytes") : default(ReadOnlyMemory<byte>);
    }

    public byte[] Bytes(string field) => document.RootElement.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes)
        ? bytes
        : throw Bad(field, "is not in base64");

    public InterchangeException Bad(string field, string why, Exception? inner = null) => Bad($"its field '{field}' {why}", inner);

    public InterchangeException Bad(string why, Exception? inner = null) => Place.Bad(why, inner);

    public void Dispose() => document.Dispose();

    private string ReadAny(JsonElement value, string field)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad(field, "has something else than texts");
        }
        catch (InvalidOperationException e)
        {
            // Half of a surrogate pair.
            throw Bad(field, "has what is no text", e);
        }
    }
}
