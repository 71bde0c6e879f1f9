using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>The envelope <c>{"data": …, "permissions": …}</c> of a write, checked.</summary>
/// <param name="Data">Null when the envelope has no <c>data</c>.</param>
/// <param name="Raw">Of a PATCH, a copy of the <c>data</c> object's own bytes; else <c>{}</c>.</param>
/// <param name="IsEmpty">Neither of the two was given.</param>
internal sealed record KintoBody(RecordData? Data, ReadOnlyMemory<byte> Raw, bool IsEmpty)
{
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

        try
        {
            using var document = JsonText.Parse(request.Body);
            return Read(document.RootElement, request, role, options);
        }
        catch (JsonException e)
        {
            return (null, InvalidJson(e));
        }
    }

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

                if (data.Body.Length > options.MaxRecordBytes)
                {
                    return (null, KintoErrors.TooLarge($"The data of an object may have {options.MaxRecordBytes} bytes."));
                }

                var raw = request.Method is "PATCH" ? JsonMarshal.GetRawUtf8Value(property.Value).ToArray() : RecordData.EmptyObject;
                body = new KintoBody(data, raw, IsEmpty: false);
            }
            else if (property.NameEquals("permissions"u8))
            {
                if (RefusePermissions(property.Value, request, role) is { } refusal)
                {
                    return (null, refusal);
                }

                body = body with { IsEmpty = false };
            }
            else
            {
                return (null, KintoErrors.Invalid("body", property.Name, "Unrecognized key"));
            }
        }

        return (body, null);
    }

    /// <summary>
    /// An object is its author's alone, so permissions can only say that. Taking more and not acting on it would be a lie.
    /// </summary>
    private static KintoResponse? RefusePermissions(JsonElement permissions, KintoRequest request, ListRole role)
    {
        string[] known = role switch
        {
            ListRole.Self => ["read", "write", "collection:create", "group:create"],
            ListRole.Collections => ["read", "write", "record:create"],
            _ => ["read", "write"],
        };
        if (permissions.ValueKind != JsonValueKind.Object)
        {
            return KintoErrors.Invalid("body", "permissions", "permissions should be an object");
        }

        foreach (var permission in permissions.EnumerateObject())
        {
            var name = permission.Name;
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                return KintoErrors.Invalid("body", "permissions", $"\"{name}\" is not one of {string.Join(", ", known)}");
            }

            if (permission.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (permission.Value.ValueKind != JsonValueKind.Array)
            {
                return KintoErrors.Invalid("body", $"permissions.{name}", "should be a list of principals");
            }

            foreach (var principal in permission.Value.EnumerateArray())
            {
                if (JsonText.Read(principal) is not { } id)
                {
                    return KintoErrors.Invalid("body", $"permissions.{name}", "should be a list of principals");
                }

                if (!string.Equals(id, request.Principal?.Id, StringComparison.Ordinal))
                {
                    return KintoErrors.Invalid("body", "permissions", "Sharing with other principals is not available on this server.");
                }
            }
        }

        return null;
    }
}
