using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Lockstep.Gateway.Syncto.Opening;

namespace Lockstep.Gateway.Syncto;

/// <summary>
/// Syncto: the storage of Sync 1.5 through Kinto's API. It is served below its own prefix, where all paths are as they were at the root of Syncto's
/// host.
/// </summary>
internal sealed class SynctoProtocol(
    SynctoHandlers handlers, SynctoAnswers answers, SynctoOptions options, HttpOptions http, IEnumerable<AccessTokenScheme> schemes) : IProtocol<SynctoHandler>
{
    private const string Version = "v1";
    private const string FormerVersion = "v0";
    private const string Deprecated = "X-Client-State header is deprecated and should not be provided anymore.";

    public string Name => "Syncto";

    public IReadOnlyList<string> Prefixes => [SynctoPaths.Prefix];

    public ResourceTable<SynctoHandler> Resources => SynctoResources.Table;

    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [.. schemes];

    public async ValueTask<Answer> ExecuteAsync(ResourceMethod<SynctoHandler> method, ProtocolRequest request, CancellationToken cancellationToken)
    {
        var headers = request.Http.Request.Headers;
        var response = await method.Handler(
            handlers,
            new SynctoRequest
            {
                Method = method.Name,
                Path = request.Path,
                Query = request.Query,
                QueryText = request.Http.Request.QueryString.ToUriComponent(),
                Header = name => headers.TryGetValue(name, out var value) ? value.ToString() : null,
                Body = request.Body,
                ServerUrl = PublicUrls.Base(request.Http.Request, http),
                BaseUrl = options.PublicUrl?.TrimEnd('/') ?? request.BaseUrl,
                User = request.SignIn.Principal?.Id,
                Address = Admission.Whose(principal: null, request.Http.Connection.RemoteIpAddress),
                Room = request.Room,
            },
            cancellationToken);
        return answers.Of(headers.ContainsKey("X-Client-State") && response.Alert is null
            ? response with { Alert = SynctoAnswers.Alert("soft-eol", Deprecated, options.ProjectDocs) }
            : response);
    }

    public Answer Refuse(Refusal refusal) => answers.Of(SynctoErrors.Of(refusal));

    public Answer Preflight(HttpRequest request, string? methods) => answers.Preflight(request, methods);

    public Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<SynctoHandler>? match)
    {
        if (match is null)
        {
            return Elsewhere(path) is { } other ? answers.Redirect(request, other)
                : path.Count > 0 && SynctoPaths.IsVersion(path[0]) && path[0] is not (Version or FormerVersion) ? answers.Of(SynctoErrors.VersionNotAvailable)
                : null;
        }

        if (answers.IsOver && !match.Resource.IsProbe)
        {
            return answers.Of(SynctoErrors.Gone);
        }

        // Before sign-in, as in Syncto.
        return Protection(options, match, path, request.Method) is { } refusal ? answers.Of(refusal) : null;
    }

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers) => answers.AddHeaders(request, headers);

    /// <returns>The answer where settings do not allow writes; otherwise null.</returns>
    public static SynctoResponse? Protection(SynctoOptions options, ResourceMatch<SynctoHandler> match, RequestPath path, string method)
    {
        var collection = SynctoPaths.Collection(path);
        return match.Resource.Find(method) is null || options.Allows(method, collection) ? null
            : SynctoErrors.Disabled(string.Join(", ", match.Resource.Allow.Split(", ").Where(allowed => options.Allows(allowed, collection))));
    }

    /// <returns>The redirect's target: with the version in front, and no slash at the end. Null for no redirect.</returns>
    private string? Elsewhere(RequestPath path)
    {
        if (path.Count == 0 || !SynctoPaths.IsVersion(path[0]))
        {
            return $"/{Version}{(path.Count == 0 ? "/" : path.Text)}";
        }

        if (path.Count == 1)
        {
            return path[0] is Version or FormerVersion ? $"/{Version}/" : null;
        }

        var trimmed = path.WithoutFinalSlashes() ?? path;
        if (path[0] is FormerVersion)
        {
            return Resources.Match(trimmed) is not null ? trimmed.Text : $"/{Version}{path.Text[(FormerVersion.Length + 1)..]}";
        }

        return !ReferenceEquals(trimmed, path) && Resources.Match(trimmed) is not null ? trimmed.Text : null;
    }
}
