namespace Lockstep.Gateway.Http;

/// <summary>
/// What browsers are told about answers that are data, and no pages: whatever a person has stored, no browser takes it for a script, a style or a page of this server, not even where somebody is led to its
/// address. Were it shown as a page after all, it would run nothing, load nothing, send no form, and be of no origin.
/// </summary>
public static class DataHeaders
{
    /// <summary>The policy; see https://www.w3.org/TR/CSP3/.</summary>
    public const string Policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

    /// <param name="headers">Of the answer.</param>
    public static void Add(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = Policy;
    }
}
