using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Who gets a stream as a WebSocket.</summary>
internal static class LiveSockets
{
    /// <returns>Why a request that asks for one gets none; null where it gets one.</returns>
    public static async ValueTask<KintoResponse?> RefuseAsync(KintoRequest request, KintoOptions options)
    {
        if (!await Sockets.CanBeginAsync(request.Http!.HttpContext))
        {
            return KintoErrors.Invalid("header", "Upgrade", "A WebSocket needs Connection, Sec-WebSocket-Version: 13 and Sec-WebSocket-Key");
        }

        // Browsers say where the page is from, and leave it to the server what that means. Pages of other sites are heard as elsewhere. But what a browser remembers of passwords it sends along with
        // whoever's WebSocket, as it does not with other requests of such pages: only a ticket shows that the page itself was given something.
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
