using System.Globalization;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11;

/// <summary>Adds the headers of all answers of users and storage, and asks for credentials.</summary>
internal sealed class WeaveHeaders(Sync11Options options, CredentialAudit audit, TimeProvider time)
{
    public void Add(HttpRequest? request, IHeaderDictionary headers)
    {
        // The answer's own stamp if the request has made it; otherwise the current time, but never before the stamps in the answer.
        var now = SyncTime.Now(time);
        var stamp = request?.HttpContext.Features.Get<AnswerStamp>();
        headers["X-Weave-Timestamp"] = SyncTime.Text(stamp is null ? now : stamp.IsWrite ? stamp.Value : ServerTimestamp.Max(now, stamp.Value));
        DataHeaders.Add(headers);
        if (options.Backoff > TimeSpan.Zero && !headers.ContainsKey("X-Weave-Backoff"))
        {
            headers["X-Weave-Backoff"] = Math.Ceiling(options.Backoff.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (options.Alert is { Length: > 0 } alert)
        {
            headers["X-Weave-Alert"] = alert;
        }
    }

    /// <returns>The answer to a request that needs credentials and has none; null for all others.</returns>
    public Answer? Ask<THandler>(HttpRequest request, ResourceMatch<THandler>? match)
    {
        audit.Look(request, match);
        return request.Headers.Authorization.Count == 0 && match?.Resource.Find(request.Method) is { Access: Access.SignedIn } ? WeaveAnswers.Unauthorized(asks: true) : null;
    }

    public static Answer Preflight(string? methods) => new(200) { Headers = methods is null ? [] : [KeyValuePair.Create("Allow", methods)] };
}
