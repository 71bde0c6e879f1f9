namespace Lockstep.Gateway.Pages;

/// <summary>
/// The headers that protect pages in browsers. A page may hold keys. So it runs only what is under its own hash, talks to this server only, is never shown in a frame, and sends no referrer.
/// </summary>
internal static class PageHeaders
{
    /// <param name="headers">Of the answer.</param>
    /// <param name="files">The URL of the page's files, with a slash at the end; null where the answer loads nothing.</param>
    public static void Add(IHeaderDictionary headers, string? files)
    {
        headers.ContentSecurityPolicy = "default-src 'none'; "
            + (files is null ? "" : $"script-src {files}; style-src {files}; img-src {files}; connect-src 'self'; form-action 'self'; ")
            + (files is null ? "form-action 'none'; " : "")
            + "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";
    }
}
