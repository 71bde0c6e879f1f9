using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>A schema that validates objects of one kind, as in Kinto: without the members that the server adds to them.</summary>
internal sealed class JsonSchema
{
    private const string Id = "id";
    private const string LastModified = "last_modified";
    private readonly SchemaNode node;
    private readonly bool asksForId;

    // A member of the data that belongs to the server; null for none.
    private readonly string? stamp;

    private JsonSchema(SchemaNode node, long size, bool asksForId, string? stamp) => (this.node, Size, this.asksForId, this.stamp) = (node, size, asksForId, stamp);

    /// <summary>Bytes that it takes in memory, roughly.</summary>
    public long Size { get; }

    /// <param name="schema">The schema; null or an empty object accepts everything.</param>
    /// <param name="stamp">A member of the data that belongs to the server; null for none.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="givenUp">Cancelled when nobody waits for it any more.</param>
    /// <exception cref="SchemaException">It is not an accepted schema.</exception>
    public static JsonSchema Read(JsonElement schema, string? stamp, SchemaOptions options, CancellationToken givenUp = default)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw new SchemaException($"{SchemaRun.Show(schema)} is not an object");
        }

        if (JsonMarshal.GetRawUtf8Value(schema).Length > options.MaxBytes)
        {
            throw new SchemaException($"a schema may have {options.MaxBytes} bytes");
        }

        // Does not keep the document that it was in.
        var own = schema.Clone();
        var namesId = own.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(Id, out _);
        string[] optional = [LastModified, .. namesId ? Array.Empty<string>() : [Id], .. stamp is null ? Array.Empty<string>() : [stamp]];
        try
        {
            var (node, size) = SchemaCompiler.Compile(own, optional, new SchemaWork(options.MaxSteps / 10, givenUp));
            return new JsonSchema(node, size, namesId, stamp);
        }
        catch (SchemaWorkException)
        {
            throw new SchemaException("the schema is too long to read with all its references");
        }
    }

    /// <param name="id">The object's id.</param>
    /// <param name="data">Its data without the server's fields.</param>
    /// <param name="work">The work that the validation may take.</param>
    /// <returns>The fault; null for none.</returns>
    /// <exception cref="SchemaWorkException">It would take more work.</exception>
    public SchemaFault? Validate(string id, ReadOnlyMemory<byte> data, SchemaWork work)
    {
        using var document = JsonText.ParseAgain(asksForId ? WithId(id, data) : data);
        if (stamp is not null && document.RootElement.TryGetProperty(stamp, out _))
        {
            using var rest = JsonText.ParseAgain(Without(document.RootElement, stamp));
            return Validate(rest.RootElement, work);
        }

        return Validate(document.RootElement, work);
    }

    private SchemaFault? Validate(JsonElement value, SchemaWork work)
    {
        var run = new SchemaRun(work);
        var holds = node.Holds(value, run);
        return work.IsDeep ? throw SchemaWorkException.Depth : holds ? null : run.Fault;
    }

    /// <param name="data">A JSON object.</param>
    /// <param name="name">A member to remove, if present.</param>
    /// <returns>The object without it; names and values are the sender's bytes.</returns>
    public static ReadOnlyMemory<byte> Without(JsonElement data, string name)
    {
        var output = new ArrayBufferWriter<byte>(JsonMarshal.GetRawUtf8Value(data).Length);
        output.Write("{"u8);
        foreach (var property in data.EnumerateObject())
        {
            if (!property.NameEquals(name))
            {
                output.Write(output.WrittenCount > 1 ? ",\""u8 : "\""u8);
                output.Write(JsonMarshal.GetRawUtf8PropertyName(property));
                output.Write("\":"u8);
                output.Write(JsonMarshal.GetRawUtf8Value(property.Value));
            }
        }

        output.Write("}"u8);
        return output.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> WithId(string id, ReadOnlyMemory<byte> data)
    {
        var output = new ArrayBufferWriter<byte>(data.Length + id.Length + 16);
        output.Write("{\"id\":"u8);
        output.Write(JsonSerializer.SerializeToUtf8Bytes(id));
        output.Write(data.Length > 2 ? ","u8 : ""u8);
        output.Write(data.Span[1..]);
        return output.WrittenMemory;
    }
}
