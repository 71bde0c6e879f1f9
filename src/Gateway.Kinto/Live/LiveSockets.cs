using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Decides who gets a stream as a WebSocket.</summary>
internal static class LiveSockets
{
    /// <returns>The refusal; null if the request gets a WebSocket.</returns>
    public static async ValueTask<KintoResponse?> RefuseAsync(KintoRequest request, KintoOptions options)
    {
        if (!await Sockets.CanBeginAsync(request.Http!.HttpContext))
        {
            return KintoErrors.Invalid("header", "Upgrade", "A WebSocket needs Connection, Sec-WebSocket-Version: 13 and Sec-WebSocket-Key");
        }

        // Browsers name the page's origin and leave the decision to the server. Pages of other origins are served as elsewhere. But a browser adds the passwords that it
        // remembers to every page's WebSocket, which it does not do for other requests of such pages. So only a ticket shows that the page itself was given credentials.
        return request.Header("Origin") is not { Length: > 0 } origin || IsOwn(origin, request.BaseUrl)
            || ((options.CorsOrigin is "*" || string.Equals(options.CorsOrigin, origin, StringComparison.OrdinalIgnoreCase)) && request.Header("Authorization") is not { Length: > 0 })
            ? null
            : KintoErrors.Create(
                StatusCodes.Status403Forbidden, KintoErrno.Forbidden, "Forbidden",
                options.CorsOrigin is "*" ? "A page of another origin opens a WebSocket with a ticket, and not with Authorization." : "Pages of this origin may not open a WebSocket, or only with a ticket.");
    }

    private static bool IsOwn(string origin, string baseUrl) =>
        Uri.TryCreate(baseUrl, UriKind.Absolute, out var url) && string.Equals(origin, url.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
}
