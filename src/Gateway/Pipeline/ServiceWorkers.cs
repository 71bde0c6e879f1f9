namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// Keeps scripts of this server from becoming service workers. A service worker would stay in the browser and intercept all later pages, even
/// after the vulnerability that let it in is fixed.
/// </summary>
internal static class ServiceWorkers
{
    private const string Header = "Service-Worker";

    public static Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        // Browsers send this header with a worker's script, and pages cannot (Service Workers, "Service-Worker").
        if (!context.Request.Headers.ContainsKey(Header))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
