using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Syncto;

/// <summary>Syncto's answers: the headers that they carry alone or in a batch, CORS, redirects.</summary>
internal sealed class SynctoAnswers(SynctoOptions options, HttpOptions http, TimeProvider time)
{
    /// <summary>The headers of all answers that browsers may read, so that no endpoint forgets one.</summary>
    private const string Exposed =
        "Backoff, Retry-After, Alert, Content-Length, Content-Type, ETag, Last-Modified, Next-Page, Total-Records, Quota-Remaining";

    private const string Methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    /// <summary>Data belongs to one user alone, so no cache may keep it.</summary>
    private static readonly KeyValuePair<string, string> NoStore = KeyValuePair.Create(HeaderNames.CacheControl, "no-cache, no-store");

    public Answer Of(SynctoResponse response) => new(response.Status)
    {
        Headers = [NoStore, .. HeadersOf(response)],
        Body = response.Body,
        Size = response.Size,
    };

    public IEnumerable<KeyValuePair<string, string>> HeadersOf(SynctoResponse response)
    {
        if (response.Body is not null)
        {
            yield return KeyValuePair.Create("Content-Type", "application/json");
        }

        if (response.Stamp is { } stamp)
        {
            yield return KeyValuePair.Create("ETag", $"\"{stamp}\"");
            yield return KeyValuePair.Create("Last-Modified", LastModified(stamp));
        }

        foreach (var header in response.Headers)
        {
            yield return header;
        }

        if (Math.Max(options.Backoff, response.Backoff) is > 0 and var backoff)
        {
            yield return KeyValuePair.Create("Backoff", backoff.ToString(CultureInfo.InvariantCulture));
        }

        if (response.Status >= 500)
        {
            yield return KeyValuePair.Create("Retry-After", options.RetryAfter.ToString(CultureInfo.InvariantCulture));
        }

        if ((EndOfService() ?? response.Alert) is { } alert)
        {
            yield return KeyValuePair.Create("Alert", alert);
        }
    }

    public bool IsOver => options.Eos is { } eos && time.GetUtcNow() >= eos;

    public static string Alert(string code, string message, string url) => JsonSerializer.Serialize(
        new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = code, ["message"] = message, ["url"] = url });

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        DataHeaders.Add(headers);
        if (request?.Headers.Origin.Count is not 0 && options.CorsOrigin.Length > 0)
        {
            headers.AccessControlAllowOrigin = options.CorsOrigin;
            headers.AccessControlExposeHeaders = Exposed;
            if (options.CorsOrigin is not "*")
            {
                headers.Vary = HeaderNames.Origin;
            }
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="methods">The resource's methods; null when the path has none, which a preflight need not know.</param>
    public Answer Preflight(HttpRequest request, string? methods)
    {
        var asked = request.Headers.AccessControlRequestHeaders.ToString();
        var allowed = asked.Length > 0 && asked.All(static c => c is >= ' ' and <= '~')
            ? asked : "Content-Type, Authorization, X-Client-State, X-KeyID, If-Match, If-None-Match";
        return Of(new SynctoResponse(200)
            .With(HeaderNames.AccessControlAllowMethods, methods ?? Methods)
            .With(HeaderNames.AccessControlAllowHeaders, allowed)
            .With(HeaderNames.AccessControlMaxAge, options.CorsMaxAge.ToString(CultureInfo.InvariantCulture)));
    }

    /// <param name="request">The request, whose query is kept.</param>
    /// <param name="path">The target below the prefix, decoded.</param>
    public Answer Redirect(HttpRequest request, string path) => Of(new SynctoResponse(StatusCodes.Status307TemporaryRedirect).With(
        HeaderNames.Location, BaseOf(request) + new PathString(path).ToUriComponent() + Escape(request.QueryString.ToUriComponent())));

    /// <summary>The URL of the prefix as clients see it; only a path if no public URL is set.</summary>
    private string BaseOf(HttpRequest request) => options.PublicUrl?.TrimEnd('/')
        ?? (http.PublicUrl is null ? PublicUrls.PathBase(request) : PublicUrls.Base(request, http)) + SynctoPaths.Prefix;

    private string? EndOfService() => options.Eos is null ? null
        : Alert(IsOver ? "hard-eol" : "soft-eol", options.EosMessage, options.EosUrl ?? options.ProjectDocs);

    /// <summary>An HTTP date, truncated to whole seconds.</summary>
    private static string LastModified(ServerTimestamp stamp)
    {
        const long largest = 253402300799999;
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(stamp.Milliseconds, 0, largest)).ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>A received query may contain characters that no header can.</summary>
    private static string Escape(string query) =>
        string.Concat(query.Select(static c => c is > ' ' and <= '~' ? c.ToString() : Uri.EscapeDataString(c.ToString())));
}
