using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Patches;

/// <summary>
/// RFC 6902 on a document of one member, <c>/data</c>. All operations or none: the caller throws the document away when
/// one fails. The work is linear in data and patch: what an operation looks into is taken apart once, and finding a name costs the
/// same however many there are. What <c>copy</c> may add is bounded, since a few copies of a node into itself would grow without end.
/// </summary>
internal sealed class JsonPatch(JsonWork work)
{
    private const int MaxOperations = 1000;
    private const int MaxCopiedBytes = 4 << 20;

    // Nothing lies deeper, and a pointer can be as long as the patch.
    private const int MaxParts = JsonText.MaxDepth + 1;

    private int copied;

    /// <param name="data">What <c>/data</c> is before; changes.</param>
    /// <param name="patch">The operations. Its document must live for as long as the result.</param>
    /// <returns>What <c>/data</c> is afterwards; null when it is no more.</returns>
    /// <exception cref="JsonPatchException">An operation cannot be applied.</exception>
    /// <exception cref="JsonException">A copy is nested too deep.</exception>
    public JsonTree? Apply(JsonTree data, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Array || patch.GetArrayLength() > MaxOperations)
        {
            throw new JsonPatchException($"expected an array of at most {MaxOperations} operations");
        }

        var document = new JsonMembers();
        document.Set("data", data);
        var root = new JsonTree(document);
        foreach (var operation in patch.EnumerateArray())
        {
            work.Spend();
            if (operation.ValueKind != JsonValueKind.Object)
            {
                throw new JsonPatchException("an operation must be an object");
            }

            var path = Pointer(operation, "path");
            switch (Text(operation, "op"))
            {
                case "add":
                    Add(root, path, new JsonTree(Value(operation)));
                    break;
                case "remove":
                    Remove(root, path);
                    break;
                case "replace":
                    Remove(root, path);
                    Add(root, path, new JsonTree(Value(operation)));
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
                    Add(root, path, Copy(Find(root, Pointer(operation, "from"))));
                    break;
                case "test":
                    if (!Find(root, path).Same(Value(operation), work))
                    {
                        throw new JsonPatchException($"test of '{JsonText.Shorten(Text(operation, "path"))}' failed");
                    }

                    break;
                case var unknown:
                    throw new JsonPatchException($"unknown operation '{JsonText.Shorten(unknown)}'");
            }
        }

        return document.TryGet("data", out var result) ? result : null;
    }

    private static string Text(JsonElement operation, string name) =>
        operation.TryGetProperty(name, out var value) && JsonText.Read(value) is { } text
            ? text
            : throw new JsonPatchException($"'{name}' must be a string");

    private static JsonElement Value(JsonElement operation) =>
        operation.TryGetProperty("value", out var value) ? value : throw new JsonPatchException("'value' is missing");

    /// <summary>RFC 6901. Only what lies in <c>/data</c> can be named.</summary>
    private static string[] Pointer(JsonElement operation, string name)
    {
        var text = Text(operation, name);
        if (text.AsSpan().Count('/') > MaxParts)
        {
            throw new JsonPatchException($"'{JsonText.Shorten(text)}' does not exist");
        }

        var parts = text.Split('/');
        if (parts.Length < 2 || parts[0].Length != 0 || !string.Equals(parts[1], "data", StringComparison.Ordinal))
        {
            throw new JsonPatchException($"'{JsonText.Shorten(text)}' does not lie in /data");
        }

        return [.. parts.Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private JsonTree Find(JsonTree root, ReadOnlySpan<string> path)
    {
        var node = root;
        foreach (var part in path)
        {
            work.Spend();
            if (node.Members(work) is { } members)
            {
                node = members.TryGet(part, out var child) ? child : throw Missing(path);
            }
            else if (node.Items(work) is { } items)
            {
                node = items[Index(items, part, items.Count - 1)];
            }
            else
            {
                throw Missing(path);
            }
        }

        return node;
    }

    private void Add(JsonTree root, string[] path, JsonTree value)
    {
        var last = path[^1];
        var parent = Find(root, path.AsSpan(0, path.Length - 1));
        if (parent.Members(work) is { } members)
        {
            members.Set(last, value);
        }
        else if (parent.Items(work) is { } items)
        {
            items.Insert(string.Equals(last, "-", StringComparison.Ordinal) ? items.Count : Index(items, last, items.Count), value);
        }
        else
        {
            throw new JsonPatchException($"'{Shown(path)}' has no parent");
        }
    }

    private JsonTree Remove(JsonTree root, string[] path)
    {
        var value = Find(root, path);
        var last = path[^1];
        var parent = Find(root, path.AsSpan(0, path.Length - 1));
        parent.Members(work)?.Remove(last);
        if (parent.Items(work) is { } items)
        {
            items.RemoveAt(Index(items, last, items.Count - 1));
        }

        return value;
    }

    private JsonTree Copy(JsonTree source)
    {
        var bytes = new ArrayBufferWriter<byte>();
        source.Write(bytes, work);
        copied += bytes.WrittenCount;
        if (copied > MaxCopiedBytes)
        {
            throw new JsonPatchException("the copies are too large");
        }

        using var document = JsonText.ParseAgain(bytes.WrittenMemory);
        return new JsonTree(document.RootElement.Clone());
    }

    private int Index(JsonItems items, string part, int largest)
    {
        work.Spend(items.ChunkCount);
        return int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && index <= largest && (part.Length == 1 || part[0] != '0')
            ? index
            : throw new JsonPatchException($"'{JsonText.Shorten(part)}' is no index of an array of {items.Count}");
    }

    private static JsonPatchException Missing(ReadOnlySpan<string> path) => new($"'{Shown(path)}' does not exist");

    private static string Shown(ReadOnlySpan<string> path) => JsonText.Shorten($"/{string.Join('/', path.ToArray())}");
}
