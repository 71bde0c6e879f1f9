using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto.OpenApi;
using Lockstep.Gateway.Pipeline;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto;

/// <summary>Kinto's answers to single requests: the headers that all of them carry, CORS, redirects.</summary>
internal sealed class KintoAnswers(KintoOptions options, HttpOptions http, TimeProvider time)
{
    private const string PagePath = KintoProtocol.Prefix + ApiPage.Path;

    private static readonly KeyValuePair<string, string> NoStore = KeyValuePair.Create(HeaderNames.CacheControl, "no-cache, no-store");

    /// <param name="response">The answer.</param>
    /// <param name="isPrivate">Whether it is for the caller alone, and must not be cached.</param>
    public Answer Of(KintoResponse response, bool isPrivate = true)
    {
        var headers = new List<KeyValuePair<string, string>>(4 + response.Headers.Count);
        if (response.Status >= 400 || (isPrivate && (response.Headers.Count == 0 || !response.Headers.Any(static header => header.Key == HeaderNames.CacheControl))))
        {
            headers.Add(NoStore);
        }

        KintoHeaders.AddTo(headers, response, options);
        return new Answer(response.Status) { Headers = headers, Body = response.Body, Stream = response.Stream, Socket = response.Socket, Length = response.Length, Size = response.Size };
    }

    /// <param name="request">The request; null for one that could not be read, which may be for a page.</param>
    /// <param name="headers">The headers of the answer.</param>
    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        DataHeaders.Add(headers);
        if (request is not null && IsPage(request))
        {
            headers.ContentSecurityPolicy = ApiPage.Policy(PublicUrls.Base(request, http) + PagePath + "/");
        }

        if (request?.Headers.Origin.Count is not 0 && options.CorsOrigin.Length > 0)
        {
            headers.AccessControlAllowOrigin = options.CorsOrigin;
            headers.AccessControlExposeHeaders = KintoHeaders.Exposed;
            if (options.CorsOrigin is not "*" && headers.Vary.Count == 0)
            {
                headers.Vary = HeaderNames.Origin;
            }
        }

        if (options.Eos is { } eos)
        {
            headers["Alert"] = JsonSerializer.Serialize(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["code"] = time.GetUtcNow() >= eos ? "hard-eol" : "soft-eol",
                ["message"] = options.EosMessage,
                ["url"] = options.EosUrl ?? options.ProjectDocs,
            });
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="methods">The methods of the resource; null if there is none at that path, which a preflight need not know.</param>
    public Answer Preflight(HttpRequest request, string? methods)
    {
        var headers = request.Headers;
        if (headers.Origin.Count == 0 || headers.AccessControlRequestMethod.Count == 0)
        {
            return Of(KintoErrors.Invalid("header", "Origin", "A preflight needs Origin and Access-Control-Request-Method."));
        }

        var asked = headers.AccessControlRequestHeaders.ToString();
        var allowed = asked.Length > 0 && asked.All(c => c is >= ' ' and <= '~') ? asked : "Content-Type, Authorization, If-Match, If-None-Match";
        var response = new KintoResponse(200) { Body = static output => output.Write("null"u8) }
            .With(HeaderNames.AccessControlAllowMethods, methods ?? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
            .With(HeaderNames.AccessControlAllowHeaders, allowed)
            .With(HeaderNames.AccessControlMaxAge, options.CorsMaxAge.ToString(CultureInfo.InvariantCulture));
        return Of(response, isPrivate: false);
    }

    /// <param name="request">The request, whose query is kept.</param>
    /// <param name="path">The decoded target.</param>
    /// <param name="more">Further headers.</param>
    public Answer Redirect(HttpRequest request, string path, params KeyValuePair<string, string>[] more)
    {
        var target = new PathString(path).ToUriComponent() + Escape(request.QueryString.ToUriComponent());
        var location = (http.PublicUrl is null ? PublicUrls.PathBase(request) : PublicUrls.Base(request, http)) + target;
        var response = new KintoResponse(StatusCodes.Status307TemporaryRedirect) { Headers = more }.With(HeaderNames.Location, location);
        return Of(response, isPrivate: false);
    }

    private bool IsPage(HttpRequest request) =>
        options.OpenApi.Page && request.Path.Value is { } path && path.StartsWith(PagePath, StringComparison.Ordinal);

    /// <summary>A query as sent may contain characters that a header cannot.</summary>
    private static string Escape(string query) =>
        string.Concat(query.Select(c => c is > ' ' and <= '~' ? c.ToString() : Uri.EscapeDataString(c.ToString())));
}
