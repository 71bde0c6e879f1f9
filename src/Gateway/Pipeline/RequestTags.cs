using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// Adds the route of a request to ASP.NET Core's own measurements and traces, which do not know it without endpoint routing.
/// In front of the protocols only if telemetry is sent.
/// </summary>
internal static class RequestTags
{
    private const string Route = "http.route";

    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        var route = context.Features.Get<MatchedRoute>()?.Text;
        if (route is not null)
        {
            context.Features.Get<IHttpMetricsTagsFeature>()?.Tags.Add(new KeyValuePair<string, object?>(Route, route));
            if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
            {
                activity.DisplayName = $"{Known(context.Request.Method)} {route}";
                activity.SetTag(Route, route);
            }
        }
    }

    /// <summary>A method is a text that the client chose, so unknown ones share a name.</summary>
    private static string Known(string method) =>
        method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" ? method : "HTTP";
}
