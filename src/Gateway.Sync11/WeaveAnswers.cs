using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11;

/// <summary>Answers in the form of Sync 1.1, shared by users and storage.</summary>
internal static class WeaveAnswers
{
    public const string Json = "application/json";
    public const string Newlines = "application/newlines";
    public const string Whoisi = "application/whoisi";

    private const string PlainText = "text/plain; charset=utf-8";

    // With less room left, writes report it.
    private const long QuotaWarning = 1 << 20;

    // Seconds after which to retry a request that could not be served.
    private const string RetryAfter = "10";

    public static Answer NotFound => Text(404, "");

    /// <summary>Clients only accept 503 as a reason to wait.</summary>
    public static Answer Unavailable => NotNow(RetryAfter);

    /// <summary>A refusal that waiting does not change.</summary>
    public static Answer NotOffered => NotNow(retryAfter: null);

    /// <summary>The body is only the number, since clients compare all of it.</summary>
    public static Answer Error(int code) => new(400)
    {
        Headers = [KeyValuePair.Create("Content-Type", Json)],
        Body = output => output.Write(Encoding.ASCII.GetBytes(code.ToString(CultureInfo.InvariantCulture))),
    };

    public static Answer Text(int status, string text, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", PlainText), .. headers],
        Body = output => output.Write(Encoding.UTF8.GetBytes(text)),
    };

    /// <param name="asks">Whether no credentials came, so that the answer asks for them. A client that sent wrong ones is not asked, as in the earlier server.</param>
    public static Answer Unauthorized(bool asks = false) =>
        asks ? Text(401, "", KeyValuePair.Create("WWW-Authenticate", "Basic realm=\"Sync\"")) : Text(401, "");

    public static Answer TooMany(TimeSpan wait) => NotNow(Seconds(wait));

    /// <summary>The same for requests where clients understand 403.</summary>
    public static Answer Blocked(TimeSpan wait) => Text(403, "", KeyValuePair.Create("Retry-After", Seconds(wait)));

    /// <param name="http">Receives the stamp, for the header of all answers.</param>
    /// <param name="stamp">The stamp of the answer's data.</param>
    /// <param name="isWrite">Whether the request has made the stamp.</param>
    /// <param name="write">Writes the JSON.</param>
    public static Answer Object(HttpContext http, ServerTimestamp stamp, bool isWrite, Action<Utf8JsonWriter> write)
    {
        http.Features.Set(new AnswerStamp(stamp, isWrite));
        return new Answer(200)
        {
            Headers = [KeyValuePair.Create("Content-Type", Json)],
            Body = output =>
            {
                using var writer = new Utf8JsonWriter(output);
                write(writer);
            },
        };
    }

    /// <summary>The bare time of a write, which is also in the header.</summary>
    public static Answer Written(HttpContext http, ServerTimestamp stamp) => Object(http, stamp, isWrite: true, writer => writer.WriteRawValue(SyncTime.Text(stamp)));

    /// <summary>Reports how many kilobytes are left when they are few.</summary>
    public static Answer WithQuota(this Answer answer, RecordsMerged merged) => merged.QuotaLeft >= QuotaWarning
        ? answer
        : answer with { Headers = [.. answer.Headers, KeyValuePair.Create("X-Weave-Quota-Remaining", StorageInfo.Kilobytes(merged.QuotaLeft).ToString(CultureInfo.InvariantCulture))] };

    /// <summary>The answer for an operation that was not done.</summary>
    /// <exception cref="InvalidOperationException">It was done.</exception>
    public static Answer Refused(Outcome outcome) => outcome switch
    {
        PreconditionFailed => Text(412, ""),
        Missing => NotFound,
        OverQuota => Error(WeaveCode.OverQuota),
        TooLarge => Error(WeaveCode.InvalidCollection),
        AccountClosed or Forbidden => Unauthorized(),
        Core.Outcomes.Unavailable => Unavailable,
        _ => throw new InvalidOperationException($"No answer for {outcome.GetType().Name}."),
    };

    public static Answer Of(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => NotFound,
        Refusal.NoMethod method => Text(405, "", KeyValuePair.Create("Allow", method.Allow)),
        Refusal.NotSignedIn => Unauthorized(),
        Refusal.TooManyFailures failures => TooMany(failures.RetryAfter),
        Refusal.TooManyRequests requests => TooMany(requests.RetryAfter),
        Refusal.NoRoom or Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Unavailable,
        Refusal.UrlTooLong => Text(414, ""),
        Refusal.HeadersTooLarge => Text(431, ""),
        Refusal.BadQuery => Text(400, "Bad query"),
        Refusal.BodyTooLarge => Text(413, ""),
        Refusal.BodyCoded coded => Text(415, "", KeyValuePair.Create("Accept-Encoding", coded.Accepted)),
        Refusal.BodyTooSlow => Text(408, ""),
        Refusal.BodyBroken => Text(400, "Bad body"),
        Refusal.BadHttp http => Text(http.Status, ""),
        Refusal.Fault => Said(500, "application error"),
        _ => throw new InvalidOperationException($"No answer for {refusal.GetType().Name}."),
    };

    private static string Seconds(TimeSpan wait) => Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static Answer NotNow(string? retryAfter) =>
        retryAfter is null ? Said(503, "service unavailable") : Said(503, "service unavailable", KeyValuePair.Create("Retry-After", retryAfter));

    /// <summary>A text as JSON.</summary>
    private static Answer Said(int status, string text, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", Json), .. headers],
        Body = output => output.Write(Encoding.ASCII.GetBytes($"\"{text}\"")),
    };
}
