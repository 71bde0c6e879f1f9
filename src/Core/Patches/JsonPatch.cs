using System.Globalization;
using System.Text.Json.Nodes;

namespace Lockstep.Core.Patches;

/// <summary>
/// RFC 6902 on a document of one member, <c>/data</c>. All operations or none: the caller throws the document away when
/// one fails. What <c>copy</c> may add is bounded, since a few copies of a node into itself would grow without end.
/// </summary>
internal static class JsonPatch
{
    private const int MaxOperations = 1000;
    private const int MaxCopiedCharacters = 4 << 20;

    /// <returns>What <c>/data</c> is afterwards.</returns>
    /// <exception cref="JsonPatchException">An operation cannot be applied.</exception>
    public static JsonNode? Apply(JsonObject data, JsonNode? patch)
    {
        if (patch is not JsonArray operations || operations.Count > MaxOperations)
        {
            throw new JsonPatchException($"expected an array of at most {MaxOperations} operations");
        }

        JsonNode root = new JsonObject { ["data"] = data };
        var copied = 0;
        foreach (var node in operations)
        {
            var operation = node as JsonObject ?? throw new JsonPatchException("an operation must be an object");
            var path = Pointer(operation, "path");
            switch (Text(operation, "op"))
            {
                case "add":
                    Add(root, path, Value(operation)?.DeepClone());
                    break;
                case "remove":
                    Remove(root, path);
                    break;
                case "replace":
                    Remove(root, path);
                    Add(root, path, Value(operation)?.DeepClone());
                    break;
                case "move":
                    var from = Pointer(operation, "from");
                    if (path.Length > from.Length && path.AsSpan(0, from.Length).SequenceEqual(from))
                    {
                        throw new JsonPatchException("cannot move a value into itself");
                    }

                    Add(root, path, Remove(root, from));
                    break;
                case "copy":
                    var source = Find(root, Pointer(operation, "from"));
                    copied += source?.ToJsonString().Length ?? 4;
                    if (copied > MaxCopiedCharacters)
                    {
                        throw new JsonPatchException("the copies are too large");
                    }

                    Add(root, path, source?.DeepClone());
                    break;
                case "test":
                    if (!JsonNode.DeepEquals(Find(root, path), Value(operation)))
                    {
                        throw new JsonPatchException($"test of '{Text(operation, "path")}' failed");
                    }

                    break;
                case var unknown:
                    throw new JsonPatchException($"unknown operation '{unknown}'");
            }
        }

        return root["data"];
    }

    private static string Text(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new JsonPatchException($"'{name}' must be a string");

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value) ? value : throw new JsonPatchException("'value' is missing");

    /// <summary>RFC 6901. Only what lies in <c>/data</c> can be named.</summary>
    private static string[] Pointer(JsonObject operation, string name)
    {
        var text = Text(operation, name);
        var parts = text.Split('/');
        if (parts.Length < 2 || parts[0].Length != 0 || !string.Equals(parts[1], "data", StringComparison.Ordinal))
        {
            throw new JsonPatchException($"'{text}' does not lie in /data");
        }

        return [.. parts.Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static JsonNode? Find(JsonNode root, ReadOnlySpan<string> path)
    {
        JsonNode? node = root;
        foreach (var part in path)
        {
            node = node switch
            {
                JsonObject parent when parent.TryGetPropertyValue(part, out var child) => child,
                JsonArray array => array[Index(array, part, array.Count - 1)],
                _ => throw new JsonPatchException($"'/{string.Join('/', path.ToArray())}' does not exist"),
            };
        }

        return node;
    }

    private static void Add(JsonNode root, string[] path, JsonNode? value)
    {
        var last = path[^1];
        switch (Find(root, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject parent:
                parent[last] = value;
                break;
            case JsonArray array when string.Equals(last, "-", StringComparison.Ordinal):
                array.Add(value);
                break;
            case JsonArray array:
                array.Insert(Index(array, last, array.Count), value);
                break;
            default:
                throw new JsonPatchException($"'/{string.Join('/', path)}' has no parent");
        }
    }

    private static JsonNode? Remove(JsonNode root, string[] path)
    {
        var value = Find(root, path);
        var last = path[^1];
        switch (Find(root, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject parent:
                parent.Remove(last);
                break;
            case JsonArray array:
                array.RemoveAt(Index(array, last, array.Count - 1));
                break;
        }

        return value;
    }

    private static int Index(JsonArray array, string part, int largest) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && index <= largest && (part.Length == 1 || part[0] != '0')
            ? index
            : throw new JsonPatchException($"'{part}' is no index of an array of {array.Count}");
}
