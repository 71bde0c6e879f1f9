using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>A page cursor as the opaque <c>_token</c>: base64url of a small JSON object. It names a position and grants nothing.</summary>
internal static class PageToken
{
    public static string Write(PageCursor cursor)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("m", cursor.Modified.Milliseconds);
            writer.WriteString("i", cursor.Id);
            writer.WriteNumber("l", cursor.ListStamp.Milliseconds);
            if (cursor.SortKeys is not null)
            {
                writer.WriteString("k", cursor.SortKeys);
            }

            writer.WriteEndObject();
        }

        return Base64Url.EncodeToString(stream.ToArray());
    }

    /// <returns>Null if it is not one of ours.</returns>
    public static PageCursor? Read(string token)
    {
        try
        {
            if (!Base64Url.IsValid(token))
            {
                return null;
            }

            using var document = JsonText.Parse(Base64Url.DecodeFromChars(token));
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("m", out var m) || m.ValueKind != JsonValueKind.Number || !m.TryGetInt64(out var modified)
                || !root.TryGetProperty("l", out var l) || l.ValueKind != JsonValueKind.Number || !l.TryGetInt64(out var stamp)
                || !root.TryGetProperty("i", out var i) || JsonText.Read(i) is not { } id || id.Contains('\0', StringComparison.Ordinal))
            {
                return null;
            }

            string? keys = null;
            if (root.TryGetProperty("k", out var k) && (keys = JsonText.Read(k)) is null)
            {
                return null;
            }

            const long largest = 253402300799999;
            if (modified is < 0 or > largest || stamp is < 0 or > largest)
            {
                return null;
            }

            return new PageCursor(new ServerTimestamp(modified), id, new ServerTimestamp(stamp), keys);
        }
        catch (Exception e) when (e is JsonException or FormatException or DecoderFallbackException)
        {
            return null;
        }
    }
}
