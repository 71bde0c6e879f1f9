using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>The envelope <c>{"data": …, "permissions": …}</c> of a write, checked.</summary>
/// <param name="Data">Null when the envelope has no <c>data</c>.</param>
/// <param name="Raw">Of a PATCH, a copy of the <c>data</c> object's own bytes; else <c>{}</c>.</param>
/// <param name="IsEmpty">Neither of the two was given.</param>
internal sealed record KintoBody(RecordData? Data, ReadOnlyMemory<byte> Raw, bool IsEmpty)
{
    /// <summary>What the envelope says of rights, in the form of clients; null principals where it says <c>null</c>. Empty where it says nothing.</summary>
    public IReadOnlyList<KeyValuePair<Right, IReadOnlyList<string>?>> Permissions { get; private init; } = [];

    /// <summary>What tombstones have. Clients take an object with a truthy one for a tombstone, and drop it.</summary>
    public const string ReservedFlag = "deleted";

    private static readonly KintoBody Nothing = new(null, RecordData.EmptyObject, IsEmpty: true);

    /// <param name="request">The request; an empty body counts as an empty envelope.</param>
    /// <param name="role">What kind of object it is about, which gives the known permissions.</param>
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

    /// <returns>What is wrong with a collection's data, or with what a patch says of it; else null.</returns>
    public static KintoResponse? RefuseCollection(JsonElement data) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(CacheRules.Field, out var value) ? RefuseExpiry(value) : null;

    /// <returns>Why it is no <see cref="CacheRules.Field"/>; else null.</returns>
    public static KintoResponse? RefuseExpiry(JsonElement value) =>
        CacheRules.IsPossible(value) ? null : KintoErrors.Invalid("body", $"data.{CacheRules.Field}", "should be an integer");

    /// <param name="e">Of <see cref="JsonText.Parse"/>.</param>
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

                // A patch can also take it away; what it leads to is judged.
                if (request.Method is not "PATCH"
                    && property.Value.TryGetProperty(ReservedFlag, out var flag) && JsonText.IsTruthy(flag))
                {
                    var invalid = Invalid.ReservedFlag(ReservedFlag);
                    return (null, KintoErrors.Invalid(invalid.Location, invalid.Field, invalid.Reason));
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

    /// <returns>The error for a permission that such an object does not have; else null.</returns>
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

    /// <summary>Whether a text can be a principal. What is kept behind an account or a group in the store comes from nobody else.</summary>
    public static bool IsPrincipal(string text) => PrincipalText.IsPossible(text)
        && !((PrincipalText.IsAccount(text) || PrincipalText.IsGroup(text)) && text.Contains('#', StringComparison.Ordinal));
}
