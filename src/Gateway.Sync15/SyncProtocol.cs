using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Lockstep.Gateway.SyncStorage;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Sync15;

/// <summary>The storage of Firefox Sync 1.5: its paths, and the form of the pipeline's refusals.</summary>
internal sealed class SyncProtocol(SyncHandlers handlers, HawkScheme hawk, AuditTrail audit, Sync15Options options, TimeProvider time) : IProtocol<SyncHandler>
{
    public const string Prefix = "/1.5";

    /// <summary><c>/{uid}/storage/{collection}/{record}</c>.</summary>
    private const int ObjectSegments = 4;

    private const string Methods = "DELETE, GET, POST, PUT";
    private const string MaxAge = "1728000";

    /// <summary>Headers of an answer that browsers may read.</summary>
    private const string Exposed =
        "X-Last-Modified, X-Weave-Timestamp, X-Weave-Records, X-Weave-Next-Offset, X-Weave-Backoff, X-Weave-Quota-Remaining, Retry-After, Allow, WWW-Authenticate";

    public string Name => "Sync15";

    public IReadOnlyList<string> Prefixes => [Prefix];

    public ResourceTable<SyncHandler> Resources { get; } = SyncResources.Table(options);

    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [hawk];

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<SyncHandler> method, ProtocolRequest request, CancellationToken cancellationToken)
    {
        var sync = new SyncRequest(request);
        return !sync.HasUid ? ValueTask.FromResult(SyncAnswers.NotFound)
            : !sync.IsOwn ? ValueTask.FromResult(SyncAnswers.Unauthorized)
            : audit.IsOn && method.Name is "DELETE" && request.Path.Count < ObjectSegments ? AuditedAsync(method.Handler(handlers, sync, cancellationToken), request)
            : method.Handler(handlers, sync, cancellationToken);
    }

    /// <summary>Notes that a storage or a collection was emptied, or records in it were deleted together.</summary>
    private async ValueTask<Answer> AuditedAsync(ValueTask<Answer> deleting, ProtocolRequest request)
    {
        var answer = await deleting;
        if (answer.Status == StatusCodes.Status200OK)
        {
            audit.Write(AuditEvents.ObjectDeleted, AuditSource.Of(request.Http.Request, request.SignIn.Principal?.Id));
        }

        return answer;
    }

    public Answer Refuse(Refusal refusal) => SyncAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods)
    {
        var asked = request.Headers.AccessControlRequestHeaders.ToString();
        return new Answer(200)
        {
            Headers =
            [
                KeyValuePair.Create(HeaderNames.AccessControlAllowMethods, Methods),
                KeyValuePair.Create(HeaderNames.AccessControlMaxAge, MaxAge),
                .. asked.Length > 0 && asked.All(static c => c is >= ' ' and <= '~')
                    ? [KeyValuePair.Create(HeaderNames.AccessControlAllowHeaders, asked)]
                    : Array.Empty<KeyValuePair<string, string>>(),
            ],
        };
    }

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        // The answer's own stamp if the request has made it; otherwise the current time, but never before the stamps in the answer.
        var now = SyncTime.Now(time);
        var stamp = request?.HttpContext.Features.Get<AnswerStamp>();
        headers["X-Weave-Timestamp"] = SyncTime.Text(
            stamp is null ? now : stamp.IsWrite ? stamp.Value : ServerTimestamp.Max(now, stamp.Value));
        DataHeaders.Add(headers);
        if (request?.Headers.Origin.ToString() is { Length: > 0 } origin && origin.All(static c => c is >= ' ' and <= '~'))
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = Exposed;
            headers.Vary = HeaderNames.Origin;
        }
    }
}
