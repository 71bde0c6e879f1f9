using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Gateway.OpenId;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Kinto;

/// <summary>Kinto: its prefix, and the shape of the pipeline's refusals.</summary>
internal sealed class KintoProtocol(
    KintoHandlers handlers,
    KintoExecutor executor,
    KintoAnswers answers,
    RegistrationPolicy registration,
    BasicScheme basic,
    IEnumerable<IAccessTokens> tokens,
    AccountDirectory accounts,
    OpenIdProviders openId,
    AuditTrail audit,
    HttpOptions http,
    KintoOptions options,
    TimeProvider time) : IProtocol<KintoHandler>
{
    public const string Prefix = "/v1";

    /// <summary>The scope that access tokens must have.</summary>
    private const string Scope = "kinto";

    public string Name => "Kinto";

    public IReadOnlyList<string> Prefixes => [Prefix];

    public ResourceTable<KintoHandler> Resources => handlers.Resources;

    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [new AuditedScheme(basic, audit), .. openId.Schemes, new BearerScheme(tokens, accounts, http, Scope, Prefix)];

    /// <summary>Kinto redirects clients that leave out the version.</summary>
    public bool AnswersUnknownPaths => true;

    /// <summary>A stream, if the client prefers one to JSON, or wants a WebSocket. A part of a batch never is one.</summary>
    public ResourceMethod<KintoHandler> Choose(ResourceMethod<KintoHandler> method, HttpRequest request) =>
        method.AsStream is { } stream && ((request.Headers.Accept is { Count: > 0 } accept && EventStreams.IsPreferred(accept.ToString())) || Sockets.IsAskedFor(request)) ? stream : method;

    public async ValueTask<SignIn> SignInToStreamAsync(ProtocolRequest request, CancellationToken cancellationToken) =>
        !request.Query.TryGetOnly(LivePlans.Ticket, out var ticket) || ticket is null ? SignIn.Anonymous
        : await handlers.Tickets.FindAsync(ticket, cancellationToken) is { } principal ? new SignIn(SignInStatus.Succeeded, principal)
        : SignIn.Refused;

    public async ValueTask<Answer> ExecuteAsync(ResourceMethod<KintoHandler> method, ProtocolRequest request, CancellationToken cancellationToken)
    {
        var headers = request.Http.Request.Headers;
        if (method.Pacing == Pacing.Stream && request.Http.Features.Get<IHttpMetricsTagsFeature>() is { } tags)
        {
            // It lasts as long as its client likes, so it does not measure the server.
            tags.MetricsDisabled = true;
        }

        var kinto = new KintoRequest
        {
            Method = method.Name,
            Path = request.Path,
            Values = request.Values,
            Query = request.Query,
            Header = name => headers.TryGetValue(name, out var value) ? value.ToString() : null,
            Body = request.Body,
            Http = request.Http.Request,
            Principal = request.SignIn.Principal,
            SignInAsync = request.SignInAsync,
            MayRegister = () => registration.Allows(request.Http),
            Address = request.Http.Connection.RemoteIpAddress,
            BaseUrl = request.BaseUrl,
            Who = request.Who,
            Room = request.Room,
        };
        var response = await executor.ExecuteAsync(handlers.Plan(method, kinto), request.Room, cancellationToken);
        return answers.Of(response, isPrivate: kinto.Principal is not null || request.Path[0] is "buckets" or "permissions" or "accounts" or "openid");
    }

    public Answer Refuse(Refusal refusal) => answers.Of(KintoErrors.Of(refusal, options));

    public Answer Preflight(HttpRequest request, string? methods) => answers.Preflight(request, methods);

    public Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<KintoHandler>? match)
    {
        if (match is null && path.Count == 0)
        {
            return answers.Redirect(request, Prefix + "/");
        }

        if (match is null && path.WithoutFinalSlashes() is { } trimmed && Resources.Match(trimmed) is not null)
        {
            return answers.Redirect(request, request.Path.Value!.TrimEnd('/'), KeyValuePair.Create("Cache-Control", "max-age=3600"));
        }

        return options.Eos is { } eos && time.GetUtcNow() >= eos && match?.Resource.IsProbe != true
            ? answers.Of(KintoErrors.Create(
                410, KintoErrno.ServiceDeprecated, "Gone", "The service you are trying to connect no longer exists at this location."))
            : null;
    }

    public Answer RefuseUnknown(HttpRequest request)
    {
        var path = request.Path.Value is { Length: > 0 } value ? value : "/";
        return path.StartsWith("/.well-known/", StringComparison.Ordinal) ? answers.Of(KintoErrors.Of(new Refusal.NoResource(), options))
            : IsOtherVersion(path) ? answers.Of(KintoErrors.VersionNotAvailable)
            : request.Method is "OPTIONS" ? answers.Preflight(request, methods: null)
            : answers.Redirect(request, Prefix + path);
    }

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers) => answers.AddHeaders(request, headers);

    /// <summary><c>/v0/…</c>, <c>/v2</c>: a version, but not this one.</summary>
    private static bool IsOtherVersion(string path)
    {
        var end = path.IndexOf('/', 1);
        var first = path.AsSpan(1, (end < 0 ? path.Length : end) - 1);
        return first.Length > 1 && first[0] == 'v' && first is not "v1" && !first[1..].ContainsAnyExceptInRange('0', '9');
    }
}
