using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lockstep.Gateway.Audit;

/// <summary>An event as one JSON object, without a line end.</summary>
internal static class JsonLine
{
    private const int MaxLength = 512;

    // Only what JSON itself needs is escaped: no browser reads this.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(AuditEvent what, AuditSource source, DateTimeOffset time)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line, Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteString("event", what.Signature);
            writer.WriteString("name", what.Name);
            writer.WriteNumber("severity", what.Severity);
            writer.WriteString("method", Cut(source.Method));
            writer.WriteString("path", Cut(source.Path));
            if (source.Address is { } address)
            {
                writer.WriteString("address", (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString());
            }

            if (source.User is { } user)
            {
                writer.WriteString("user", Cut(user));
            }

            if (source.Agent.Length > 0)
            {
                writer.WriteString("agent", Cut(source.Agent));
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(line.ToArray());
    }

    private static string Cut(string text) => text.Length <= MaxLength ? text : text[..MaxLength];
}
