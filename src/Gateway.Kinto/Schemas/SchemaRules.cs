using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Validation;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>The JSON schemas of Kinto's collections and buckets, which the buckets' owners apply.</summary>
/// <remarks>Kinto: docs/api/1.x/collections.rst and buckets.rst, <c>experimental_collection_schema_validation</c>.</remarks>
/// <param name="options">Bounds.</param>
public sealed class SchemaRules(SchemaOptions options) : IDataRules
{
    /// <summary>The member for the schema of a collection's records. In a record it is the stamp of the collection that it was valid for.</summary>
    public const string Field = "schema";

    private static readonly (string Field, ListRole For)[] OfBuckets =
        [("record:schema", ListRole.Records), ("group:schema", ListRole.Groups), ("collection:schema", ListRole.Collections)];

    private static readonly (string Field, ListRole For)[] OfCollections = [(Field, ListRole.Records)];

    public Refused? Refuse(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp)
    {
        var size = SchemaRule.EmptySize;
        using var document = JsonText.ParseAgain(data);
        foreach (var (field, of) in FieldsOf(role))
        {
            try
            {
                if (Read(document.RootElement, field, of, givenUp) is not { } schema)
                {
                    continue;
                }

                size += schema.Size;
            }
            catch (SchemaException e)
            {
                return new Refused("body", $"data.{field}", e.Message);
            }

            if (size > maxSize)
            {
                return new Refused("body", $"data.{field}", $"the schemas of the {KintoTarget.NameOf(role)} would take about {size} bytes of memory, and may take {maxSize}");
            }
        }

        return null;
    }

    public IDataRule? Read(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp)
    {
        using var document = JsonText.ParseAgain(data);
        var schemas = new Dictionary<ListRole, JsonSchema?>();
        foreach (var (field, of) in FieldsOf(role))
        {
            try
            {
                if (Read(document.RootElement, field, of, givenUp) is { } schema)
                {
                    schemas[of] = schema;
                }
            }
            catch (SchemaException)
            {
                // Stored before schemas were validated. A schema that cannot be read accepts nothing.
                schemas[of] = null;
            }
        }

        if (schemas.Count == 0)
        {
            return null;
        }

        // Stored under an earlier limit: a schema that cannot be kept in memory would be read for each write.
        var rule = new SchemaRule(role, schemas, options);
        return rule.Size <= maxSize ? rule : new SchemaRule(role, schemas.Keys.ToDictionary(static key => key, static _ => default(JsonSchema?)), options);
    }

    private JsonSchema? Read(JsonElement data, string field, ListRole of, CancellationToken givenUp)
    {
        if (!data.TryGetProperty(field, out var schema))
        {
            return null;
        }

        return JsonSchema.Read(schema, of == ListRole.Records ? Field : null, options, givenUp);
    }

    private static (string Field, ListRole For)[] FieldsOf(ListRole role) => role == ListRole.Self ? OfBuckets : OfCollections;
}
