namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// No script of this server becomes a service worker: one would stay in the browser, and stand between it and all later pages, also those
/// that no longer have the fault that let it in.
/// </summary>
internal static class ServiceWorkers
{
    private const string Header = "Service-Worker";

    public static Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        // Browsers send it with the worker's script, and pages cannot (Service Workers, "Service-Worker").
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
