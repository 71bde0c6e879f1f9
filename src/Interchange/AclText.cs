using System.Buffers;
using System.Text.Json;

namespace Lockstep.Interchange;

/// <summary>Stored rights as JSON: arrays of principals by name, and numbers.</summary>
internal static class AclText
{
    /// <summary>The same with each principal replaced, or left out.</summary>
    /// <param name="acl">The rights; must be a JSON object.</param>
    /// <param name="map">Gives another principal for one; null to leave it out.</param>
    /// <returns>Null where nothing is left.</returns>
    /// <exception cref="InterchangeException">It has something else than names.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> MapAsync(ReadOnlyMemory<byte> acl, Func<string, ValueTask<string?>> map)
    {
        using var document = JsonDocument.Parse(acl);
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        var isEmpty = true;
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Array)
            {
                member.WriteTo(writer);
                isEmpty = false;
                continue;
            }

            var mapped = new List<string>();
            foreach (var principal in member.Value.EnumerateArray())
            {
                if (await map(Read(principal)) is { } other)
                {
                    mapped.Add(other);
                }
            }

            // Members are written where there are none, since that tells a group from other objects.
            if (mapped.Count > 0 || member.NameEquals("members"))
            {
                isEmpty = false;
                writer.WriteStartArray(member.Name);
                foreach (var principal in mapped)
                {
                    writer.WriteStringValue(principal);
                }

                writer.WriteEndArray();
            }
        }

        writer.WriteEndObject();
        await writer.FlushAsync();
        return isEmpty ? default(ReadOnlyMemory<byte>?) : output.WrittenMemory;
    }

    private static string Read(JsonElement principal)
    {
        try
        {
            return principal.ValueKind == JsonValueKind.String ? principal.GetString()! : throw new InterchangeException("its field 'acl' has something else than names");
        }
        catch (InvalidOperationException e)
        {
            // Half of a surrogate pair.
            throw new InterchangeException("its field 'acl' has something else than names", e);
        }
    }
}
