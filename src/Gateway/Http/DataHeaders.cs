namespace Lockstep.Gateway.Http;

/// <summary>
/// Headers of answers that are data and not pages. No browser takes stored data for a script, a style or a page of this server, even if a user is led to its
/// address. If it were shown as a page after all, it could not run scripts, load anything or send forms, and would have no origin.
/// </summary>
public static class DataHeaders
{
    /// <summary>The policy; see https://www.w3.org/TR/CSP3/.</summary>
    public const string Policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

    /// <param name="headers">The headers of the answer.</param>
    public static void Add(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = Policy;
    }
}
