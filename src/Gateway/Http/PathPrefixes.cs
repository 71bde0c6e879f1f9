namespace Lockstep.Gateway.Http;

/// <summary>Removes a prefix that a proxy has left in a request's path.</summary>
public static class PathPrefixes
{
    /// <param name="app">Later middleware sees the path without the prefix, and the prefix as its base.</param>
    /// <param name="prefixes">Each begins with a slash and does not end with one. Only the first prefix that matches is removed; the rest belongs to the path.</param>
    public static void UsePathPrefixes(this IApplicationBuilder app, IReadOnlyList<string> prefixes)
    {
        if (prefixes.Count == 0)
        {
            return;
        }

        PathString[] all = [.. prefixes.Select(static prefix => new PathString(prefix))];
        app.Use((context, next) =>
        {
            var request = context.Request;
            foreach (var prefix in all)
            {
                if (request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase, out var taken, out var rest))
                {
                    (request.PathBase, request.Path) = (request.PathBase.Add(taken), rest);
                    break;
                }
            }

            return next(context);
        });
    }
}
