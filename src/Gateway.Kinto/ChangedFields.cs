using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The short answers of PATCH: <c>light</c> shows the fields that the patch changed, <c>diff</c> those of them that ended
/// up other than the patch asked for.
/// </summary>
internal static class ChangedFields
{
    public static void Write(IBufferWriter<byte> output, RecordWritten written, bool diff, ReadOnlyMemory<byte> patch, string writer)
    {
        using var now = JsonText.Parse(written.Record.Body);
        using var before = JsonText.Parse(written.Previous is { IsTombstone: false } old ? old.Body : RecordData.EmptyObject);
        using var asked = JsonText.Parse(patch);
        output.Write("{\"data\":"u8);
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            foreach (var property in now.RootElement.EnumerateObject())
            {
                var name = property.Name;
                var unchanged = before.RootElement.TryGetProperty(name, out var was) && Same(was, property.Value);
                var asAsked = asked.RootElement.ValueKind == JsonValueKind.Object
                    && asked.RootElement.TryGetProperty(name, out var wish) && Same(wish, property.Value);
                if (!unchanged && !(diff && asAsked))
                {
                    json.WritePropertyName(name);
                    json.WriteRawValue(property.Value.GetRawText(), skipInputValidation: true);
                }
            }

            json.WriteEndObject();
        }

        KintoWriter.WritePermissions(output, writer);
        output.Write("}"u8);
    }

    private static bool Same(JsonElement a, JsonElement b)
    {
        try
        {
            return JsonElement.DeepEquals(a, b);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Numbers with endless exponents and half surrogate pairs have no value to compare.
            return string.Equals(a.GetRawText(), b.GetRawText(), StringComparison.Ordinal);
        }
    }
}
