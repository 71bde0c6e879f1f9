using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Pipeline;

/// <summary>The path of an HTTP request as it was sent. ASP.NET Core's own path is decoded, and no longer tells <c>%2F</c> from <c>%252F</c>.</summary>
internal static class EncodedPath
{
    /// <summary>The path without the path base, which has been removed already.</summary>
    public static RequestPath Of(HttpRequest request)
    {
        var decoded = request.Path.Value ?? "";
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var encoded = question < 0 ? target : target[..question];
        if (!encoded.Contains('%', StringComparison.Ordinal))
        {
            return RequestPath.OfDecoded(decoded);
        }

        // The removed part is at the front, so the remaining segments are the last ones.
        var start = encoded.Length;
        for (var left = decoded.Count(c => c == '/'); left > 0 && start > 0; left--)
        {
            start = encoded.LastIndexOf('/', start - 1);
        }

        // If "." and ".." were resolved, the last segments are different ones.
        var path = start < 0 ? null : RequestPath.Parse(encoded[start..]);
        return path is null || HasDots(RequestPath.Parse(encoded)) ? RequestPath.OfDecoded(decoded) : path;
    }

    private static bool HasDots(RequestPath path)
    {
        for (var i = 0; i < path.Count; i++)
        {
            if (path[i] is "." or "..")
            {
                return true;
            }
        }

        return false;
    }
}
