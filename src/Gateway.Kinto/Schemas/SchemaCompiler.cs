using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Kinto.Schemas.Patterns;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>
/// Reads a schema of draft 7 (https://json-schema.org/draft-07) once for many judgements. Refuses invalid values of keywords. Skips unknown keywords, and
/// those that check nothing (<c>format</c>, <c>title</c>, <c>default</c>). References can only lead into the schema itself.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int BytesANode = 250;

    // Memory for each part of the parsed text that is kept: a name, a value, or its place in a list.
    private const int BytesAToken = 40;
    private const int BytesAStep = 16;

    private readonly JsonElement root;
    private readonly SchemaWork work;

    // By their start in the text.
    private readonly Dictionary<nint, SchemaNode> nodes = [];
    private readonly Dictionary<string, JsonElement> anchors = new(StringComparer.Ordinal);

    // Members of objects that references lead through, by the start of these.
    private readonly Dictionary<nint, Dictionary<string, JsonElement>> members = [];
    private readonly Queue<(SchemaNode Node, string Reference)> references = new();
    private int otherBases;
    private long size;

    private SchemaCompiler(JsonElement root, SchemaWork work) => (this.root, this.work, size) = (root, work, SizeOf(JsonMarshal.GetRawUtf8Value(root)));

    /// <param name="schema">The schema; kept as long as what is read from it.</param>
    /// <param name="optional">Members that it cannot require of the whole.</param>
    /// <param name="work">The work that reading may take.</param>
    /// <returns>The schema, and the bytes that it takes in memory, roughly.</returns>
    /// <exception cref="SchemaException">It is not an accepted schema.</exception>
    /// <exception cref="SchemaWorkException">It would take more work.</exception>
    public static (SchemaNode Node, long Size) Compile(JsonElement schema, IReadOnlyCollection<string> optional, SchemaWork work)
    {
        var compiler = new SchemaCompiler(schema, work);
        var node = compiler.Node(schema, optional);
        while (compiler.references.TryDequeue(out var reference))
        {
            reference.Node.Target = compiler.Node(compiler.Resolve(reference.Reference));
        }

        return (node, compiler.size + (BytesANode * compiler.nodes.Count));
    }

    private SchemaNode Node(JsonElement schema, IReadOnlyCollection<string>? optional = null)
    {
        work.Spend();
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
        {
            throw new SchemaException($"{SchemaRun.Show(schema)} is not a schema: it should be an object or a boolean");
        }

        if (nodes.TryGetValue(PlaceOf(schema), out var known))
        {
            return known;
        }

        var node = new SchemaNode { IsNever = schema.ValueKind == JsonValueKind.False };
        nodes[PlaceOf(schema)] = node;
        if (schema.ValueKind == JsonValueKind.Object)
        {
            Fill(node, schema, optional ?? []);
        }

        return node;
    }

    private void Fill(SchemaNode node, JsonElement schema, IReadOnlyCollection<string> optional)
    {
        var hasBase = false;
        if (schema.TryGetProperty("$id", out var id))
        {
            if (JsonText.Read(id) is not { } name)
            {
                throw Bad("$id", id, "a string");
            }

            if (name.StartsWith('#'))
            {
                anchors.TryAdd(name, schema);
            }
            else
            {
                // Inner references are relative to it; for the whole schema it is only a name.
                hasBase = PlaceOf(schema) != PlaceOf(root);
            }
        }

        otherBases += hasBase ? 1 : 0;
        if (schema.TryGetProperty("$ref", out var reference))
        {
            if (JsonText.Read(reference) is not { } target)
            {
                throw Bad("$ref", reference, "a string");
            }

            if (otherBases > 0 || !target.StartsWith('#'))
            {
                throw new SchemaException($"$ref: '{SchemaRun.Shorten(target)}' leads out of the schema, or into a part with an $id of its own; it should begin with #");
            }

            references.Enqueue((node, target));
            otherBases -= hasBase ? 1 : 0;

            // The members beside it may still be targets of other references.
            foreach (var keyword in schema.EnumerateObject())
            {
                _ = Keyword(keyword, schema, optional);
            }

            return;
        }

        var keywords = new List<SchemaKeyword>();
        foreach (var keyword in schema.EnumerateObject())
        {
            work.Spend();
            if (Keyword(keyword, schema, optional) is { } read)
            {
                keywords.Add(read);
            }
        }

        node.Keywords = [.. keywords];
        size += 60L * keywords.Count;
        otherBases -= hasBase ? 1 : 0;
    }

    /// <returns>Null for a keyword that checks nothing, or is read with another.</returns>
    private SchemaKeyword? Keyword(JsonProperty keyword, JsonElement schema, IReadOnlyCollection<string> optional)
    {
        var (name, value) = (keyword.Name, keyword.Value);
        switch (name)
        {
            case "type":
                return new SchemaKeyword.OfType(Types(value));
            case "enum":
                return value.ValueKind == JsonValueKind.Array ? new SchemaKeyword.OneOfValues([.. value.EnumerateArray()], IsConst: false) : throw Bad(name, value, "an array");
            case "const":
                return new SchemaKeyword.OneOfValues([value], IsConst: true);
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                return new SchemaKeyword.Bound(Number(name, value), SchemaRun.Show(value), name.EndsWith("aximum", StringComparison.Ordinal), name.StartsWith('e'));
            case "multipleOf":
                return Number(name, value) is { Near: > 0 } divisor ? new SchemaKeyword.MultipleOf(divisor, SchemaRun.Show(value)) : throw Bad(name, value, "a number above 0");
            case "minLength" or "maxLength":
                return new SchemaKeyword.Count(JsonValueKind.String, Size(name, value), name.StartsWith("max", StringComparison.Ordinal));
            case "minItems" or "maxItems":
                return new SchemaKeyword.Count(JsonValueKind.Array, Size(name, value), name.StartsWith("max", StringComparison.Ordinal));
            case "minProperties" or "maxProperties":
                return new SchemaKeyword.Count(JsonValueKind.Object, Size(name, value), name.StartsWith("max", StringComparison.Ordinal));
            case "pattern":
                return JsonText.Read(value) is { } text ? new SchemaKeyword.Matches(PatternOf(name, text), text) : throw Bad(name, value, "a string");
            case "required":
                return new SchemaKeyword.Required([.. Names(name, value).Except(optional, StringComparer.Ordinal)]);
            case "uniqueItems":
                return value.ValueKind switch
                {
                    JsonValueKind.True => new SchemaKeyword.UniqueItems(),
                    JsonValueKind.False => null,
                    _ => throw Bad(name, value, "a boolean"),
                };
            case "properties" or "patternProperties" or "additionalProperties":
                return IsFirstOf(name, schema, "properties", "patternProperties", "additionalProperties") ? Properties(schema) : null;
            case "items" or "additionalItems":
                return IsFirstOf(name, schema, "items", "additionalItems") ? Items(schema) : null;
            case "propertyNames":
                return new SchemaKeyword.PropertyNames(Node(value));
            case "contains":
                return new SchemaKeyword.Contains(Node(value));
            case "dependencies":
                return new SchemaKeyword.Dependencies(Members(name, value).ToDictionary(
                    static member => member.Name,
                    member => member.Value.ValueKind == JsonValueKind.Array ? (SchemaKeyword)new SchemaKeyword.Required(Names(name, member.Value)) : new SchemaKeyword.Also(Node(member.Value)),
                    StringComparer.Ordinal));
            case "allOf":
                return new SchemaKeyword.AllOf(Schemas(name, value));
            case "anyOf":
                return new SchemaKeyword.AnyOf(Schemas(name, value));
            case "oneOf":
                return new SchemaKeyword.OneOf(Schemas(name, value));
            case "not":
                return new SchemaKeyword.Not(Node(value));
            case "if":
                return new SchemaKeyword.If(Node(value), NodeOf(schema, "then"), NodeOf(schema, "else"));
            case "then" or "else":
                _ = Node(value);
                return null;
            case "definitions":
                foreach (var member in Members(name, value))
                {
                    _ = Node(member.Value);
                }

                return null;
            default:
                return null;
        }
    }

    private SchemaKeyword.Properties Properties(JsonElement schema)
    {
        var named = new Dictionary<string, SchemaNode>(StringComparer.Ordinal);
        if (schema.TryGetProperty("properties", out var properties))
        {
            foreach (var member in Members("properties", properties))
            {
                named.Add(member.Name, Node(member.Value));
            }
        }

        var patterns = new List<(Pattern, SchemaNode)>();
        if (schema.TryGetProperty("patternProperties", out var byPattern))
        {
            foreach (var member in Members("patternProperties", byPattern))
            {
                patterns.Add((PatternOf("patternProperties", member.Name), Node(member.Value)));
            }
        }

        size += 100L * named.Count;
        return new SchemaKeyword.Properties(named, patterns, NodeOf(schema, "additionalProperties"));
    }

    private SchemaKeyword.Items? Items(JsonElement schema)
    {
        var others = NodeOf(schema, "additionalItems");
        if (!schema.TryGetProperty("items", out var items))
        {
            return null;
        }

        return items.ValueKind == JsonValueKind.Array
            ? new SchemaKeyword.Items([.. items.EnumerateArray().Select(item => Node(item))], others)
            : new SchemaKeyword.Items([], Node(items));
    }

    private SchemaNode? NodeOf(JsonElement schema, string name) => schema.TryGetProperty(name, out var inner) ? Node(inner) : null;

    private SchemaNode[] Schemas(string name, JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
        ? [.. value.EnumerateArray().Select(schema => Node(schema))]
        : throw Bad(name, value, "an array of schemas");

    private static IEnumerable<JsonProperty> Members(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw Bad(name, value, "an object");

    private static List<string> Names(string name, JsonElement value)
    {
        var names = new List<string>();
        foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Bad(name, value, "an array of strings"))
        {
            names.Add(item.ValueKind == JsonValueKind.String ? JsonText.Decode(item) : throw Bad(name, item, "a string"));
        }

        return names.Distinct(StringComparer.Ordinal).Count() == names.Count ? names : throw Bad(name, value, "an array of different strings");
    }

    private static List<string> Types(JsonElement value)
    {
        var names = value.ValueKind == JsonValueKind.String ? [JsonText.Decode(value)] : Names("type", value);
        return names.Count > 0 && names.TrueForAll(static name => name is "array" or "boolean" or "integer" or "null" or "number" or "object" or "string")
            ? names
            : throw Bad("type", value, "array, boolean, integer, null, number, object or string, or several of them");
    }

    private static SchemaNumber Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? SchemaNumber.Of(value) : throw Bad(name, value, "a number");

    private static long Size(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && SchemaNumber.Of(value) is { IsInteger: true, Near: >= 0 } number
            ? (long)Math.Min(number.Near, long.MaxValue / 2)
            : throw Bad(name, value, "an integer of 0 or more");

    private Pattern PatternOf(string name, string text)
    {
        try
        {
            var pattern = Pattern.Parse(text);
            size += pattern.Size;
            work.Spend(1 + (pattern.Size / 64));
            return pattern;
        }
        catch (PatternException e)
        {
            throw new SchemaException($"{name}: {e.Message}: '{SchemaRun.Shorten(text)}'");
        }
    }

    private JsonElement Resolve(string reference)
    {
        if (anchors.TryGetValue(reference, out var anchored))
        {
            return anchored;
        }

        var at = root;
        var pointer = Uri.UnescapeDataString(reference[1..]);
        if (pointer.Length > 0 && pointer[0] != '/')
        {
            throw Unresolvable(reference);
        }

        foreach (var part in pointer.Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            work.Spend();
            if (at.ValueKind == JsonValueKind.Object && MembersOf(at).TryGetValue(name, out var member))
            {
                at = member;
            }
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength())
            {
                // An item is found by walking from the first one.
                work.Spend(index);
                at = at[index];
            }
            else
            {
                throw Unresolvable(reference);
            }
        }

        return at;
    }

    /// <summary>The members of an object, read once for all references through it.</summary>
    private Dictionary<string, JsonElement> MembersOf(JsonElement value)
    {
        if (members.TryGetValue(PlaceOf(value), out var known))
        {
            return known;
        }

        var read = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            work.Spend(1 + (JsonMarshal.GetRawUtf8PropertyName(property).Length / BytesAStep));
            read[property.Name] = property.Value;
        }

        members[PlaceOf(value)] = read;
        return read;
    }

    private static long SizeOf(ReadOnlySpan<byte> json) =>
        (4L * json.Length) + (BytesAToken * (1L + json.Count((byte)',') + json.Count((byte)':') + json.Count((byte)'[') + json.Count((byte)'{')));

    private bool IsFirstOf(string name, JsonElement schema, params ReadOnlySpan<string> group)
    {
        // They are looked up from the end of the object, one by one.
        work.Spend(1 + (schema.GetPropertyCount() / 4));
        foreach (var other in group)
        {
            if (schema.TryGetProperty(other, out _))
            {
                return string.Equals(other, name, StringComparison.Ordinal);
            }
        }

        return false;
    }

    private nint PlaceOf(JsonElement element) =>
        Unsafe.ByteOffset(ref MemoryMarshal.GetReference(JsonMarshal.GetRawUtf8Value(root)), ref MemoryMarshal.GetReference(JsonMarshal.GetRawUtf8Value(element)));

    private static SchemaException Bad(string name, JsonElement value, string what) => new($"{name}: {SchemaRun.Show(value)} is not {what}");

    private static SchemaException Unresolvable(string reference) => new($"$ref: '{SchemaRun.Shorten(reference)}' leads to nothing in the schema");
}
