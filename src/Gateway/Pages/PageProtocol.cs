using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Pages;

/// <summary>
/// Serves all sets of pages, at the root of the server between the protocols. Nobody signs in here: a page does that itself, at a protocol. A refusal is a page too, which says what to do.
/// </summary>
internal sealed class PageProtocol(IEnumerable<PageSet> sets, HttpOptions http) : IProtocol<PageHandler>
{
    private const string Root = "/";
    private const string NoStore = "no-store";

    /// <summary>A year: the content under a hash never changes.</summary>
    private const string Immutable = "public, max-age=31536000, immutable";

    private readonly PageSet[] sets = [.. sets];

    public string Name => "Pages";

    public IReadOnlyList<string> Prefixes => [""];

    public ResourceTable<PageHandler> Resources { get; } = PageResources.Table(sets);

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public bool Takes(HttpRequest? request, ResourceMatch<PageHandler>? match) =>
        match is not null && (match.Resource.Template.Text is not Root || TakesHtml(request));

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<PageHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(method.Handler(this, request));

    public Answer Document(ProtocolRequest request)
    {
        var set = SetOf(request.Http.Request)!;
        var language = set.Texts.Choose(request.Http.Request.Headers.AcceptLanguage.ToString());
        var root = PathOf(request.BaseUrl);
        return Html(200, set.Document(language, root), KeyValuePair.Create("Vary", "Accept-Language"), KeyValuePair.Create("Content-Language", language));
    }

    public Answer File(ProtocolRequest request)
    {
        // The page was served before an update, and the new one has other files.
        var set = Array.Find(sets, set => string.Equals(set.Hash, request.Values["hash"], StringComparison.Ordinal));
        var path = string.Join('/', request.Values.All.Skip(1));
        if (set?.Files.GetValueOrDefault(path) is not { } file)
        {
            return Refuse(new Refusal.NoResource());
        }

        return new Answer(200)
        {
            Headers = [KeyValuePair.Create("Content-Type", file.ContentType), KeyValuePair.Create("Cache-Control", Immutable)],
            Length = file.Content.Length,
            Size = file.Content.Length,
            Body = output => output.WriteStored(file.Content),
        };
    }

    public Answer Refuse(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => Refused(404, "not-found"),
        Refusal.NoMethod method => Refused(405, "not-found", KeyValuePair.Create("Allow", method.Allow)),
        Refusal.NotSignedIn => Refused(401, "not-found"),
        Refusal.TooManyFailures failures => Refused(
            429, "busy", KeyValuePair.Create("Retry-After", Math.Ceiling(failures.RetryAfter.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture))),
        Refusal.TooManyRequests requests => Refused(
            429, "busy", KeyValuePair.Create("Retry-After", Math.Ceiling(requests.RetryAfter.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture))),
        Refusal.NoRoom or Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Refused(503, "busy", KeyValuePair.Create("Retry-After", "10")),
        Refusal.UrlTooLong => Refused(414, "too-long"),
        Refusal.HeadersTooLarge => Refused(431, "too-long"),
        Refusal.BodyTooLarge => Refused(413, "too-long"),
        Refusal.BodyCoded => Refused(415, "unreadable"),
        Refusal.BodyTooSlow => Refused(408, "unreadable"),
        Refusal.BadHttp bad => Refused(bad.Status, "unreadable"),
        Refusal.Fault => Refused(500, "fault"),
        _ => Refused(400, "unreadable"),
    };

    /// <summary>Pages of other origins have no business here.</summary>
    public Answer Preflight(HttpRequest request, string? methods) => new(204) { Headers = [KeyValuePair.Create("Allow", methods ?? "OPTIONS")] };

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        var set = request is null || !IsPlain(request.Host.Value) ? null : SetOf(request) ?? sets.FirstOrDefault();
        PageHeaders.Add(headers, set?.FilesPath(PublicUrls.Base(request!, http)));
    }

    /// <summary>The set with the page at a request's path; null for none.</summary>
    private PageSet? SetOf(HttpRequest request)
    {
        PageSet? found = null;
        foreach (var set in sets)
        {
            if (set.Paths.Contains(request.Path.Value, StringComparer.Ordinal) && (found is null || found.LeavesQueries == request.QueryString.HasValue))
            {
                found = set;
            }
        }

        return found;
    }

    /// <summary>In all languages, one below the other: the request may not have been read far enough to know its language.</summary>
    private Answer Refused(int status, string kind, params KeyValuePair<string, string>[] headers) =>
        Html(status, RefusalPage.Write(sets[0].Texts, $"refusal.{kind}"), headers);

    private static Answer Html(int status, byte[] content, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create(HeaderNames.ContentType, "text/html; charset=utf-8"), KeyValuePair.Create(HeaderNames.CacheControl, NoStore), .. headers],
        Length = content.Length,
        Size = content.Length,
        Body = output => output.WriteStored(content),
    };

    private static string PathOf(string baseUrl) => Uri.TryCreate(baseUrl, UriKind.Absolute, out var url) ? url.AbsolutePath.TrimEnd('/') : baseUrl;

    /// <summary>Whether the request names HTML explicitly, as browsers do. A client that asks for the root and accepts anything is one of another protocol.</summary>
    private static bool TakesHtml(HttpRequest? request) =>
        request?.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase) is true;

    /// <summary>Whether a host can be named in a policy, where some characters of URLs mean something else.</summary>
    private static bool IsPlain(string? host) => host is { Length: > 0 } && host.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '[' or ']' or '_');
}
