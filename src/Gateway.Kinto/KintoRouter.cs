using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// From a request to what is to be done. The checks come in the order in which Kinto makes them: does the URL exist, is
/// the method allowed on it, is the caller known, is the request well formed. Whether the caller may is for the owner.
/// </summary>
internal sealed class KintoRouter(
    KintoOptions options, RootView root, UtilityViews utilities, AccountPlans accounts, BucketList bucketList, ListPlans lists, ObjectPlans objects)
{
    public KintoPlan Plan(KintoRequest request)
    {
        if (request.Refusal is not null)
        {
            return request.Refusal;
        }

        var segments = request.Path.Split('/')[1..];
        return segments switch
        {
            [""] => Guard(request, "GET, HEAD, OPTIONS", needsPrincipal: false, () => root.Plan(request)),
            [var name] when UtilityViews.Knows(name, options) => Guard(
                request, UtilityViews.Methods(name), needsPrincipal: false, () => utilities.Plan(name)),
            ["accounts"] => Guard(request, AccountPlans.ListMethods, needsPrincipal: request.Method is not "POST", () => accounts.PlanList(request)),
            ["accounts", var id] => Guard(request, ObjectPlans.Methods, needsPrincipal: request.Method is not "PUT", () => accounts.PlanObject(request, id)),
            ["buckets"] => Guard(request, ListPlans.Methods, needsPrincipal: true, () => bucketList.Plan(request)),
            ["buckets", .. var rest] => PlanInBucket(request, rest),
            _ => KintoErrors.NotFound,
        };
    }

    /// <summary>Methods of the resource, for CORS preflights; null when the path is none.</summary>
    public string? Methods(string path) => path.Split('/')[1..] switch
    {
        [""] => "GET, HEAD, OPTIONS",
        ["batch"] => "POST, OPTIONS",
        [var name] when UtilityViews.Knows(name, options) => UtilityViews.Methods(name),
        ["accounts"] => AccountPlans.ListMethods,
        ["accounts", _] or ["buckets", _] or ["buckets", _, "collections", _] or ["buckets", _, "collections", _, "records", _] => ObjectPlans.Methods,
        ["buckets"] or ["buckets", _, "collections"] or ["buckets", _, "collections", _, "records"] => ListPlans.Methods,
        _ => null,
    };

    private KintoPlan PlanInBucket(KintoRequest request, string[] segments)
    {
        if (Methods(request.Path) is not { } methods)
        {
            return KintoErrors.NotFound;
        }

        return Guard(request, methods, needsPrincipal: true, () =>
        {
            // Segments 0, 2 and 4 are ids.
            for (var i = 0; i < segments.Length; i += 2)
            {
                if (!KintoIds.IsValid(segments[i], options))
                {
                    return KintoErrors.Invalid("path", null, "Invalid object id");
                }
            }

            var target = KintoPaths.Resolve(request.Principal!, segments)!;
            return target.List.Role != ListRole.Self && target.Id is null ? lists.Plan(request, target) : objects.Plan(request, target);
        });
    }

    private KintoPlan Guard(KintoRequest request, string methods, bool needsPrincipal, Func<KintoPlan> plan)
    {
        if (!IsAmong(methods, request.Method) || (options.ReadOnly && !request.IsRead))
        {
            return KintoErrors.MethodNotAllowed(options.ReadOnly ? "GET, HEAD, OPTIONS" : methods);
        }

        if (needsPrincipal && request.Principal is null)
        {
            return KintoErrors.Unauthorized;
        }

        return ContentTypes.Refuse(request) is { } refusal ? refusal : plan();
    }

    private static bool IsAmong(ReadOnlySpan<char> methods, string method)
    {
        foreach (var range in methods.Split(", "))
        {
            if (methods[range].SequenceEqual(method))
            {
                return true;
            }
        }

        return false;
    }
}
