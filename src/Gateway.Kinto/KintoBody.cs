using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>The validated envelope <c>{"data": …, "permissions": …}</c> of a write.</summary>
/// <param name="Data">Null if the envelope has no <c>data</c>.</param>
/// <param name="Raw">For a PATCH, a copy of the <c>data</c> object's own bytes; otherwise <c>{}</c>.</param>
/// <param name="IsEmpty">Neither of the two was given.</param>
internal sealed record KintoBody(RecordData? Data, ReadOnlyMemory<byte> Raw, bool IsEmpty)
{
    /// <summary>The permissions in the envelope, as clients write them; null principals for <c>null</c>. Empty if it has none.</summary>
    public IReadOnlyList<KeyValuePair<Right, IReadOnlyList<string>?>> Permissions { get; private init; } = [];

    /// <summary>The flag of tombstones. Clients take an object in which it is truthy for a tombstone, and drop it.</summary>
    public const string ReservedFlag = "deleted";

    private static readonly KintoBody Nothing = new(null, RecordData.EmptyObject, IsEmpty: true);

    /// <param name="request">The request; an empty body counts as an empty envelope.</param>
    /// <param name="role">The kind of object, which determines the known permissions.</param>
    /// <param name="options">Limits.</param>
    /// <returns>The envelope, or the error.</returns>
    public static (KintoBody? Body, KintoResponse? Error) Read(KintoRequest request, ListRole role, KintoOptions options)
    {
        if (request.Body.IsEmpty)
        {
            return (Nothing, null);
        }

        if (request.Json.ValueKind != JsonValueKind.Undefined)
        {
            return Read(request.Json, request, role, options);
        }

        try
        {
            using var document = request.IsParsed ? JsonText.ParseAgain(request.Body) : JsonText.Parse(request.Body);
            return Read(document.RootElement, request, role, options);
        }
        catch (JsonException e)
        {
            return (null, InvalidJson(e));
        }
    }

    /// <summary>A group's data, which always has members.</summary>
    public static RecordData WithMembers(RecordData data)
    {
        using var document = JsonText.Parse(data.Body);
        if (document.RootElement.TryGetProperty(GroupMembers.Field, out _))
        {
            return data;
        }

        var text = data.Body.Length > 2 ? ",\"members\":[]}"u8 : "\"members\":[]}"u8;
        var body = new byte[data.Body.Length - 1 + text.Length];
        data.Body.Span[..^1].CopyTo(body);
        text.CopyTo(body.AsSpan(data.Body.Length - 1));
        return data with { Body = body };
    }

    /// <returns>The error in a collection's data, or in a patch of it; otherwise null.</returns>
    public static KintoResponse? RefuseCollection(JsonElement data) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(CacheRules.Field, out var value) ? RefuseExpiry(value) : null;

    /// <returns>The error if it is not a valid <see cref="CacheRules.Field"/>; otherwise null.</returns>
    public static KintoResponse? RefuseExpiry(JsonElement value) =>
        CacheRules.IsPossible(value) ? null : KintoErrors.Invalid("body", $"data.{CacheRules.Field}", "should be an integer");

    /// <param name="e">The exception of <see cref="JsonText.Parse"/>.</param>
    public static KintoResponse InvalidJson(JsonException e) => KintoErrors.Invalid("body", null, $"Invalid JSON. {e.Message}");

    private static (KintoBody? Body, KintoResponse? Error) Read(JsonElement root, KintoRequest request, ListRole role, KintoOptions options)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return (null, KintoErrors.Invalid("body", null, "The body should be a JSON object"));
        }

        var body = Nothing;
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals("data"u8))
            {
                if (property.Value.ValueKind != JsonValueKind.Object)
                {
                    return (null, KintoErrors.Invalid("body", "data", "data should be an object"));
                }

                if (RecordData.From(property.Value) is not { } data)
                {
                    return (null, KintoErrors.Invalid("path", null, "Invalid object id"));
                }

                // A patch can also remove it; the result of the patch is judged.
                if (request.Method is not "PATCH"
                    && property.Value.TryGetProperty(ReservedFlag, out var flag) && JsonText.IsTruthy(flag))
                {
                    return (null, KintoErrors.Of(new Invalid(InvalidReason.ReservedMember, Detail: ReservedFlag)));
                }

                if (role == ListRole.Collections && RefuseCollection(property.Value) is { } refused)
                {
                    return (null, refused);
                }

                if (data.Body.Length > options.MaxRecordBytes)
                {
                    return (null, KintoErrors.TooLarge($"The data of an object may have {options.MaxRecordBytes} bytes."));
                }

                var raw = request.Method is "PATCH" ? JsonMarshal.GetRawUtf8Value(property.Value).ToArray() : RecordData.EmptyObject;
                body = body with { Data = data, Raw = raw, IsEmpty = false };
            }
            else if (property.NameEquals("permissions"u8))
            {
                var permissions = new List<KeyValuePair<Right, IReadOnlyList<string>?>>();
                if (ReadPermissions(property.Value, role, permissions) is { } refusal)
                {
                    return (null, refusal);
                }

                body = body with { Permissions = permissions, IsEmpty = false };
            }
            else
            {
                return (null, KintoErrors.Invalid("body", property.Name, "Unrecognized key"));
            }
        }

        return (body, null);
    }

    private static KintoResponse? ReadPermissions(JsonElement permissions, ListRole role, List<KeyValuePair<Right, IReadOnlyList<string>?>> into)
    {
        if (permissions.ValueKind != JsonValueKind.Object)
        {
            return KintoErrors.Invalid("body", "permissions", "permissions should be an object");
        }

        foreach (var permission in permissions.EnumerateObject())
        {
            if (ReadRight(permission.Name, role, out var right) is { } unknown)
            {
                return unknown;
            }

            if (permission.Value.ValueKind == JsonValueKind.Null)
            {
                into.Add(new(right, null));
                continue;
            }

            var principals = new List<string>();
            if (ReadPrincipals(permission.Value, permission.Name, principals) is { } invalid)
            {
                return invalid;
            }

            into.Add(new(right, principals));
        }

        return null;
    }

    /// <returns>The error for a permission that such an object does not have; otherwise null.</returns>
    public static KintoResponse? ReadRight(string name, ListRole role, out Right right)
    {
        var known = PermissionNames.In(role);
        right = default;
        if (!PermissionNames.TryParse(name, out var parsed) || !known.Contains(parsed.Value))
        {
            return KintoErrors.Invalid("body", "permissions", $"\"{name}\" is not one of {string.Join(", ", known.Select(PermissionNames.Of))}");
        }

        right = parsed.Value;
        return null;
    }

    private static KintoResponse? ReadPrincipals(JsonElement list, string name, List<string> into)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            return KintoErrors.Invalid("body", $"permissions.{name}", "should be a list of principals");
        }

        foreach (var element in list.EnumerateArray())
        {
            if (JsonText.Read(element) is not { } principal || !IsPrincipal(principal))
            {
                return KintoErrors.Invalid("body", $"permissions.{name}", "should be a list of principals");
            }

            into.Add(principal);
        }

        return null;
    }

    /// <summary>Whether a client may send a text as a principal. Only the store appends <c>#</c> and a number to an account or a group.</summary>
    public static bool IsPrincipal(string text) => PrincipalText.IsPossible(text)
        && !((PrincipalText.IsAccount(text) || PrincipalText.IsGroup(text)) && text.Contains('#', StringComparison.Ordinal));
}
