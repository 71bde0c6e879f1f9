using System.Diagnostics.CodeAnalysis;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Pipeline;

/// <summary>A protocol behind the pipeline: the parts of its steps that depend on the type of the handlers.</summary>
internal sealed class ProtocolEndpoint<THandler>(
    IProtocol<THandler> protocol,
    Admission admission,
    AnswerWriter answers,
    Drain drain,
    HttpOptions http,
    TimeProvider time,
    ILoggerFactory loggers)
    : RequestPipeline(protocol.Name, admission, answers, drain, http, time, loggers), IProtocolEndpoint
{
    private readonly HttpOptions http = http;

    public string Name => protocol.Name;

    public IReadOnlyList<string> Prefixes => protocol.Prefixes;

    public bool AnswersUnknownPaths => protocol.AnswersUnknownPaths;

    public bool SharesPrefixes => protocol.SharesPrefixes;

    public bool TakesUnread(RequestPath path) => protocol.Takes(request: null, protocol.Resources.Match(path));

    public bool TryHandle(HttpContext context, string prefix, RequestPath path, [NotNullWhen(true)] out Task? handling)
    {
        var match = protocol.Resources.Match(path);
        handling = protocol.Takes(context.Request, match) ? HandleAsync(context, prefix, path, match) : null;
        return handling is not null;
    }

    public Task HandleUnknownAsync(HttpContext context) => HandleAsync(context, prefix: null, RequestPath.OfDecoded(""), match: null);

    public Answer Refuse(Refusal refusal, IHeaderDictionary headers)
    {
        protocol.AddHeaders(request: null, headers);
        var answer = protocol.Refuse(refusal);
        foreach (var (name, value) in answer.Headers)
        {
            headers.Append(name, value);
        }

        return answer;
    }

    protected override Task RouteAsync(HttpContext context, string prefix, RequestPath path, object? match)
    {
        // :: Step 2
        var (request, matched) = (context.Request, (ResourceMatch<THandler>?)match);
        if (matched is not null)
        {
            context.Features.Set(new MatchedRoute(prefix, matched.Resource.Template.Text));
        }

        if (request.Method is "OPTIONS")
        {
            return AnswerAsync(context, protocol.Preflight(request, matched?.Resource.Allow));
        }

        if (protocol.Intercept(request, path, matched) is { } instead)
        {
            return AnswerAsync(context, instead);
        }

        if (matched?.Resource.Find(request.Method) is not { } method)
        {
            return RefuseAsync(context, matched is null ? new Refusal.NoResource() : new Refusal.NoMethod(matched.Resource.Allow));
        }

        method = protocol.Choose(method, request);
        var origin = new SignInRequest(protocol.CredentialsOf(request), context.Connection.RemoteIpAddress)
        {
            Method = request.Method,
            Target = PublicUrls.Target(request, context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? ""),
            Host = request.Host.Value ?? "",
            IsHttps = request.IsHttps,
            Memory = context.Features.Get<HeaderMemory>(),
        };
        return EnterAsync(method, new ProtocolRequest
        {
            Http = context,
            Path = path,
            Values = matched.Values,
            Credentials = origin.Authorization,
            BaseUrl = PublicUrls.Base(request, http) + prefix,
            SignInAsync = (authorization, cancellationToken) => protocol.Schemes.SignInAsync(ReferenceEquals(authorization, origin.Authorization) ? origin : origin with { Authorization = authorization, Memory = null }, cancellationToken),
        });
    }

    protected override ValueTask<Answer> ExecuteAsync(ResourceMethod method, ProtocolRequest request, CancellationToken cancellationToken) =>
        protocol.ExecuteAsync((ResourceMethod<THandler>)method, request, cancellationToken);

    protected override ValueTask<SignIn> SignInToStreamAsync(ProtocolRequest request, CancellationToken cancellationToken) =>
        protocol.SignInToStreamAsync(request, cancellationToken);

    protected override Answer RefuseUnknown(HttpRequest request) => protocol.RefuseUnknown(request);

    protected override Answer Refuse(Refusal refusal) => protocol.Refuse(refusal);

    protected override void AddHeaders(HttpRequest? request, IHeaderDictionary headers) => protocol.AddHeaders(request, headers);
}
