namespace Lockstep.Gateway.Kinto;

/// <summary>Media types that the API accepts and returns.</summary>
internal static class ContentTypes
{
    public const string Json = "application/json";
    public const string MergePatch = "application/merge-patch+json";
    public const string JsonPatch = "application/json-patch+json";

    /// <summary>The body's media type without parameters, in lower case; empty when there is none.</summary>
    public static string Of(KintoRequest request)
    {
        var header = request.Header("Content-Type") ?? "";
        var semicolon = header.IndexOf(';', StringComparison.Ordinal);
        return (semicolon < 0 ? header : header[..semicolon]).Trim().ToLowerInvariant();
    }

    /// <param name="request">The request.</param>
    /// <param name="readsData">Whether the method reads JSON from the body. Then the media type of an empty body is judged too, as in Kinto.</param>
    /// <returns>The error for a body that the method does not accept, or an answer that the client does not want; otherwise null.</returns>
    public static KintoResponse? Refuse(KintoRequest request, bool readsData)
    {
        // As in Kinto, the root view, batches and utilities are served to any client, including browsers.
        if (request.Path[0] is "buckets" or "accounts" or "permissions"
            && request.Header("Accept") is { Length: > 0 } accept
            && !accept.Contains(Json, StringComparison.OrdinalIgnoreCase)
            && !accept.Contains("*/*", StringComparison.Ordinal)
            && !accept.Contains("application/*", StringComparison.OrdinalIgnoreCase))
        {
            return KintoErrors.NotAcceptable;
        }

        if (request.Method is not ("POST" or "PUT" or "PATCH") || (request.Body.IsEmpty && !readsData))
        {
            return null;
        }

        var known = Of(request) switch
        {
            Json => true,
            "" => request.Body.IsEmpty,
            MergePatch or JsonPatch => request.Method is "PATCH",
            _ => false,
        };
        return known ? null : KintoErrors.Invalid(415, "header", "Content-Type", $"Content-Type header should be one of ['{Json}']");
    }
}
