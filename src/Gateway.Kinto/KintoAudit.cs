using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Notes in the audit log what requests and parts of batches have done: rights that were set, groups that were written, deletions except those of single records, changes
/// of accounts, and what administrators did to others. Refused requests are not noted.
/// </summary>
internal sealed class KintoAudit(AuditTrail trail, AccountDirectory accounts)
{
    /// <summary>Wraps a plan so that its answer is looked at before it is sent. Returns the plan itself if nothing is to be noted.</summary>
    public KintoPlan Watch(KintoPlan plan, KintoRequest request)
    {
        if (!trail.IsOn || request.IsRead || plan is KintoPlan.Answer)
        {
            return plan;
        }

        // The body is read now: it may be gone when the plan is carried out.
        var setsRights = request.Path is { Count: > 0 } path && path[0] is "buckets" && SetsRights(request);
        return IsRecord(request) && !setsRights ? plan : Watch(plan, request, setsRights);
    }

    private KintoPlan Watch(KintoPlan plan, KintoRequest request, bool setsRights) => plan switch
    {
        KintoPlan.Call call => call with { Render = outcome => Look(request, setsRights, call.Render(outcome)) },
        KintoPlan.Task task => task with { Run = async cancellationToken => Look(request, setsRights, await task.Run(cancellationToken)) },
        KintoPlan.Prepared prepared => new KintoPlan.Prepared(async cancellationToken => Watch(await prepared.PrepareAsync(cancellationToken), request, setsRights)),
        _ => plan,
    };

    /// <summary><c>/buckets/{bucket}/collections/{collection}/records/{record}</c>, and what lies below.</summary>
    private static bool IsRecord(KintoRequest request) => request.Path is { Count: > 5 } path && path[4] is "records";

    /// <summary><c>/buckets/{bucket}/groups</c>, and what lies below: its members have what the group may.</summary>
    private static bool IsGroup(KintoRequest request) => request.Path is { Count: > 2 } path && path[2] is "groups";

    private KintoResponse Look(KintoRequest request, bool setsRights, KintoResponse response)
    {
        if (response.Status is >= 200 and < 300 && EventOf(request, setsRights, response) is { } what)
        {
            trail.Write(what, new AuditSource(request.Method, "/v1" + request.Path, request.Address, request.Principal?.Id, request.Header("User-Agent") ?? ""));
        }

        return response;
    }

    private AuditEvent? EventOf(KintoRequest request, bool setsRights, KintoResponse response)
    {
        var first = request.Path.Count > 0 ? request.Path[0] : "";
        var isOwnAccount = first is "accounts" && (request.Path.Count == 1 || request.Path[1] == request.Principal?.Account);
        if (request.Principal is { } principal && accounts.IsAdministrator(principal) && (first is "quotas" or "__user_data__" || (first is "accounts" && !isOwnAccount)))
        {
            return AuditEvents.AdministratorActed;
        }

        return (first, request.Method) switch
        {
            ("accounts", "DELETE") => AuditEvents.AccountDeleted,
            ("accounts", _) => response.Status == StatusCodes.Status201Created ? AuditEvents.AccountMade : AuditEvents.AccountChanged,
            ("__flush__", _) => AuditEvents.ObjectDeleted,
            ("buckets", "DELETE") when !IsRecord(request) => AuditEvents.ObjectDeleted,
            ("buckets", _) when setsRights || IsGroup(request) => AuditEvents.RightsSet,
            _ => null,
        };
    }

    /// <summary>Whether the body says who may do what, in a patch of any kind too.</summary>
    private static bool SetsRights(KintoRequest request)
    {
        if (request.Json.ValueKind != JsonValueKind.Undefined)
        {
            return SetsRights(request.Json);
        }

        // Letters of a name can be escapes: \u0070 is p.
        var body = request.Body.Span;
        if (body.IndexOf("permissions"u8) >= 0 || body.IndexOf("\\u006"u8) >= 0 || body.IndexOf("\\u007"u8) >= 0)
        {
            try
            {
                using var document = request.IsParsed ? JsonText.ParseAgain(request.Body) : JsonText.Parse(request.Body);
                return SetsRights(document.RootElement);
            }
            catch (JsonException)
            {
                // It is refused.
            }
        }

        return false;
    }

    private static bool SetsRights(JsonElement body) => body.ValueKind switch
    {
        JsonValueKind.Object => body.TryGetProperty("permissions", out var rights) && rights.ValueKind is JsonValueKind.Object && rights.EnumerateObject().Any(),
        JsonValueKind.Array => body.EnumerateArray().Any(static change => change.ValueKind is JsonValueKind.Object
            && change.TryGetProperty("path", out var path) && JsonText.Read(path)?.StartsWith("/permissions", StringComparison.Ordinal) is true),
        _ => false,
    };
}
