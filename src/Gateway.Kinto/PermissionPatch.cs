using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The operations of a JSON patch (RFC 6902) on <c>/permissions</c>, separated from those on the data. Kinto represents each list
/// of principals as an object whose members are the principals: <c>/permissions/read/account:bob</c>, with slashes as <c>~1</c>.
/// </summary>
/// <param name="Edits">The changes of permissions.</param>
/// <param name="Rest">The other operations, an array.</param>
internal sealed record PermissionPatch(IReadOnlyList<AccessEdit> Edits, ReadOnlyMemory<byte> Rest)
{
    private const string Root = "/permissions";

    /// <param name="patch">An array of operations; faults in those on the data are reported elsewhere.</param>
    /// <param name="role">The kind of object.</param>
    /// <returns>The parts, or the error.</returns>
    public static (PermissionPatch? Patch, KintoResponse? Error) Read(ReadOnlyMemory<byte> patch, ListRole role)
    {
        try
        {
            using var document = JsonText.Parse(patch);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? Read(document.RootElement, patch, role)
                : (null, KintoErrors.Invalid("body", null, "The body should be a JSON array of operations"));
        }
        catch (JsonException e)
        {
            return (null, KintoBody.InvalidJson(e));
        }
    }

    private static (PermissionPatch? Patch, KintoResponse? Error) Read(JsonElement operations, ReadOnlyMemory<byte> patch, ListRole role)
    {
        // Most say nothing of permissions, and are not copied.
        var isSplit = operations.EnumerateArray().Any(static operation => PathOf(operation, "path") is { } path && IsOfPermissions(path));
        var edits = new List<AccessEdit>();
        var rest = new ArrayBufferWriter<byte>();
        rest.Write("["u8);
        foreach (var operation in operations.EnumerateArray())
        {
            if (PathOf(operation, "path") is { } path && IsOfPermissions(path))
            {
                var (read, error) = Read(operation, path, role);
                if (read is null)
                {
                    return (null, error);
                }

                edits.AddRange(read);
                continue;
            }

            if (role == ListRole.Collections && RefuseValue(operation) is { } refused)
            {
                return (null, refused);
            }

            if (isSplit)
            {
                rest.Write(rest.WrittenCount > 1 ? ","u8 : ""u8);
                rest.Write(JsonMarshal.GetRawUtf8Value(operation));
            }
        }

        rest.Write("]"u8);
        return (new PermissionPatch(edits, isSplit ? rest.WrittenMemory : patch), null);
    }

    /// <returns>The error in a value that an operation gives a collection's data; otherwise null.</returns>
    private static KintoResponse? RefuseValue(JsonElement operation) =>
        PathOf(operation, "op") is not ("add" or "replace") || !operation.TryGetProperty("value", out var value) ? null
        : PathOf(operation, "path") switch
        {
            "/data" => KintoBody.RefuseCollection(value),
            $"/data/{CacheRules.Field}" => KintoBody.RefuseExpiry(value),
            _ => null,
        };

    private static (IReadOnlyList<AccessEdit>? Edits, KintoResponse? Error) Read(JsonElement operation, string path, ListRole role)
    {
        if (PathOf(operation, "op") is ("move" or "copy") and var how)
        {
            return Moved(operation, path, role, isCopy: how is "copy");
        }

        var (edit, error) = ReadOne(operation, path, role);
        return edit is null ? (null, error) : ([edit], null);
    }

    /// <summary>Moves or copies from one right to another (all principals or one), or from one principal to another.</summary>
    private static (IReadOnlyList<AccessEdit>? Edits, KintoResponse? Error) Moved(JsonElement operation, string path, ListRole role, bool isCopy)
    {
        var (from, to) = (PathOf(operation, "from") is { } text && IsOfPermissions(text) ? text.Split('/') : [], path.Split('/'));
        if (from.Length != to.Length || to.Length is < 3 or > 4)
        {
            return (null, Failed(path));
        }

        if ((KintoBody.ReadRight(Unescape(from[2]), role, out var former) ?? KintoBody.ReadRight(Unescape(to[2]), role, out _)) is { } unknown)
        {
            return (null, unknown);
        }

        _ = KintoBody.ReadRight(Unescape(to[2]), role, out var right);
        if (to.Length == 3)
        {
            List<AccessEdit> edits = [new(AccessEditKind.Hold, former, [])];
            if (!isCopy)
            {
                edits.Add(new AccessEdit(AccessEditKind.Set, former, []));
            }

            edits.Add(new AccessEdit(AccessEditKind.Place, right, []));
            return (edits, null);
        }

        var (who, whom) = (Unescape(from[3]), Unescape(to[3]));
        return KintoBody.IsPrincipal(who) && KintoBody.IsPrincipal(whom)
            ? ([new AccessEdit(isCopy ? AccessEditKind.Test : AccessEditKind.Remove, former, [who]), new AccessEdit(AccessEditKind.Add, right, [whom])], null)
            : (null, Failed(path));
    }

    private static (AccessEdit? Edit, KintoResponse? Error) ReadOne(JsonElement operation, string path, ListRole role)
    {
        var parts = path.Split('/');
        if (parts.Length is < 3 or > 4)
        {
            return (null, Failed(path));
        }

        if (KintoBody.ReadRight(Unescape(parts[2]), role, out var right) is { } unknown)
        {
            return (null, unknown);
        }

        var op = PathOf(operation, "op");
        if (parts.Length == 3)
        {
            // The whole list, as an array of principals or as an object with them.
            List<string>? all = !operation.TryGetProperty("value", out var value) ? null
                : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(static item => JsonText.Read(item) ?? "")]
                : value.ValueKind == JsonValueKind.Object ? [.. value.EnumerateObject().Select(static item => item.Name)]
                : null;
            return op switch
            {
                "add" or "replace" when all is not null && all.TrueForAll(KintoBody.IsPrincipal) => (new AccessEdit(AccessEditKind.Set, right, all), null),
                "remove" => (new AccessEdit(AccessEditKind.Set, right, []), null),
                _ => (null, Failed(path)),
            };
        }

        var principal = Unescape(parts[3]);
        return KintoBody.IsPrincipal(principal) && op switch
        {
            "add" or "replace" => AccessEditKind.Add,
            "remove" => AccessEditKind.Remove,
            "test" => AccessEditKind.Test,
            _ => default(AccessEditKind?),
        } is { } kind ? (new AccessEdit(kind, right, [principal]), null) : (null, Failed(path));
    }

    private static bool IsOfPermissions(string path) => path is Root || path.StartsWith(Root + "/", StringComparison.Ordinal);

    private static KintoResponse Failed(string path) => KintoErrors.Invalid("body", null, $"JSON Patch operation failed: it cannot be done with {JsonSerializer.Serialize(path.Length > 100 ? path[..100] : path)}");

    private static string? PathOf(JsonElement operation, string name) =>
        operation.ValueKind == JsonValueKind.Object && operation.TryGetProperty(name, out var text) ? JsonText.Read(text) : null;

    private static string Unescape(string part) => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
