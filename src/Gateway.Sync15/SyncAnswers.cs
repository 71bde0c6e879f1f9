using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>Answers in the protocol's shape.</summary>
internal static class SyncAnswers
{
    public const string Json = "application/json";
    public const string Newlines = "application/newlines";
    public const string LastModified = "X-Last-Modified";
    public const string QuotaRemaining = "X-Weave-Quota-Remaining";

    /// <summary>Bytes. With less room left, writes report it.</summary>
    private const long QuotaWarning = 1 << 20;

    /// <summary>Seconds after which to retry a request that could not be served.</summary>
    private const string RetryAfter = "10";

    /// <summary>A bare number.</summary>
    public static Answer Error(int status, int code, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", Json), .. headers],
        Body = output => output.Write(Encoding.ASCII.GetBytes(code.ToString(CultureInfo.InvariantCulture))),
    };

    /// <summary>The request is invalid; nothing was done.</summary>
    public static Answer BadRequest(int code = SyncCode.InvalidRequest) => Error(400, code);

    public static Answer NotFound => Error(404, SyncCode.Other);

    public static Answer Unauthorized => Error(401, SyncCode.Other, KeyValuePair.Create("WWW-Authenticate", "Hawk"));

    public static Answer Unavailable => Error(503, SyncCode.Other, KeyValuePair.Create("Retry-After", RetryAfter));

    /// <param name="request">Receives the stamp, for the header of all answers.</param>
    /// <param name="status">2xx.</param>
    /// <param name="stamp">Sent as <c>X-Last-Modified</c>.</param>
    /// <param name="isWrite">Whether the request has made the stamp.</param>
    /// <param name="write">Writes the JSON.</param>
    public static Answer Object(SyncRequest request, int status, ServerTimestamp stamp, bool isWrite, Action<Utf8JsonWriter> write)
    {
        request.Stamp(stamp, isWrite);
        return new Answer(status)
        {
            Headers = [KeyValuePair.Create("Content-Type", Json), KeyValuePair.Create(LastModified, SyncTime.Text(stamp))],
            Body = output =>
            {
                using var writer = new Utf8JsonWriter(output);
                write(writer);
            },
        };
    }

    /// <summary>The write was stored. Reports how many kilobytes are left when they are few, as earlier servers did.</summary>
    public static Answer Merged(SyncRequest request, RecordsMerged merged, Action<Utf8JsonWriter> write)
    {
        var answer = Object(request, 200, merged.ListStamp, isWrite: true, write);
        return merged.QuotaLeft >= QuotaWarning
            ? answer
            : answer with { Headers = [.. answer.Headers, KeyValuePair.Create(QuotaRemaining, (merged.QuotaLeft / 1024).ToString(CultureInfo.InvariantCulture))] };
    }

    /// <summary><c>{"modified":1.50}</c>.</summary>
    public static Answer Modified(SyncRequest request, ServerTimestamp stamp, bool isWrite) => Object(request, 200, stamp, isWrite, writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("modified");
        writer.WriteRawValue(SyncTime.Text(stamp));
        writer.WriteEndObject();
    });

    /// <summary>The answer for an operation that was not done.</summary>
    /// <exception cref="InvalidOperationException">It was done.</exception>
    public static Answer Refused(SyncRequest request, Outcome outcome)
    {
        switch (outcome)
        {
            case NotModified same:
                request.Stamp(same.Stamp, isWrite: false);
                return new Answer(304) { Headers = [KeyValuePair.Create(LastModified, SyncTime.Text(same.Stamp))] };
            case PreconditionFailed failed:
                request.Stamp(failed.Stamp, isWrite: false);
                return Error(412, SyncCode.Other, KeyValuePair.Create(LastModified, SyncTime.Text(failed.Stamp)));
            case Missing:
                return NotFound;
            case OverQuota:
                return Error(403, SyncCode.OverQuota);
            case TooLarge:
                return BadRequest(SyncCode.InvalidCollection);
            case AccountClosed or Forbidden:
                return Unauthorized;
            case Core.Outcomes.Unavailable:
                return Unavailable;
            default:
                throw new InvalidOperationException($"No answer for {outcome.GetType().Name}.");
        }
    }

    public static Answer Of(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => NotFound,
        Refusal.NoMethod method => Error(405, SyncCode.Other, KeyValuePair.Create("Allow", method.Allow)),
        Refusal.NotSignedIn => Unauthorized,
        Refusal.TooManyFailures failures => Error(
            429, SyncCode.Other, KeyValuePair.Create("Retry-After", Math.Ceiling(failures.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture))),
        Refusal.TooManyRequests requests => Error(
            429, SyncCode.Other, KeyValuePair.Create("Retry-After", Math.Ceiling(requests.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture))),
        Refusal.NoRoom or Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Unavailable,
        Refusal.UrlTooLong => Error(414, SyncCode.Other),
        Refusal.HeadersTooLarge => Error(431, SyncCode.Other),
        Refusal.BadQuery => BadRequest(),
        Refusal.BodyTooLarge => Error(413, SyncCode.SizeLimit),
        Refusal.BodyCoded coded => Error(415, SyncCode.Other, KeyValuePair.Create("Accept-Encoding", coded.Accepted)),
        Refusal.BodyTooSlow => Error(408, SyncCode.Other),
        Refusal.BodyBroken => BadRequest(),
        Refusal.BadHttp http => Error(http.Status, SyncCode.Other),
        Refusal.Fault => Error(500, SyncCode.Other),
        _ => throw new InvalidOperationException($"No answer for {refusal.GetType().Name}."),
    };
}
