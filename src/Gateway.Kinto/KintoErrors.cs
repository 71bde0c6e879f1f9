using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto;

/// <summary>Answers in the protocol's error shape: <c>{"code","errno","error","message"?,"details"?}</c>.</summary>
internal static class KintoErrors
{
    public static KintoResponse Unauthorized { get; } =
        Create(401, KintoErrno.MissingAuthToken, "Unauthorized", "Please authenticate yourself to use this endpoint.")
            with { IsChallenge = true };

    public static KintoResponse Forbidden { get; } =
        Create(403, KintoErrno.Forbidden, "Forbidden", "This user cannot access this resource.");

    public static KintoResponse NotFound { get; } =
        Create(404, KintoErrno.MissingResource, "Not Found", "The resource you are looking for could not be found.");

    public static KintoResponse VersionNotAvailable { get; } =
        Create(404, KintoErrno.VersionNotAvailable, "Not Found", "The requested API version is not available on this server.");

    public static KintoResponse NotAcceptable { get; } =
        Invalid(406, "header", "Accept", $"Accept header should be one of ['{ContentTypes.Json}']");

    /// <summary>A login that this browser did not start, or that has expired.</summary>
    public static KintoResponse BadState { get; } = Invalid(400, "querystring", "state", "Invalid state", KintoErrno.InvalidAuthToken);

    public static KintoResponse BadQuery { get; } = Invalid("querystring", null, "The query string has a broken escape, NUL, or bytes that are not UTF-8 in it.");

    public static KintoResponse TooLarge(string message) =>
        Create(413, KintoErrno.RequestTooLarge, "Request Entity Too Large", message);

    public static KintoResponse Internal { get; } =
        Create(500, KintoErrno.Undefined, "Internal Server Error", "A programmatic error occured, developers have been informed.");

    public static KintoResponse Unavailable(
        int? retryAfter, string message = "Service temporary unavailable due to overloading or maintenance, please retry later.")
    {
        var response = Create(503, KintoErrno.Backend, "Service Unavailable", message);
        return retryAfter is { } seconds ? response.With("Retry-After", seconds.ToString(CultureInfo.InvariantCulture)) : response;
    }

    public static KintoResponse TooManyRequests(TimeSpan wait, string message = "Too many failed sign-ins, please retry later.") =>
        Create(429, KintoErrno.TooManyRequests, "Too Many Requests", message)
            .With("Retry-After", Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture));

    public static KintoResponse TooManyRegistrations(TimeSpan wait) =>
        Create(429, KintoErrno.TooManyRequests, "Too Many Requests", "Too many accounts were made from this address, please retry later.")
            .With("Retry-After", Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture));

    /// <returns>The answer to a sign-in that was not checked; null if it was.</returns>
    public static KintoResponse? Refuse(SignIn signIn, KintoOptions options) => signIn.Status switch
    {
        SignInStatus.Throttled => TooManyRequests(signIn.RetryAfter),
        SignInStatus.Busy => Unavailable(options.RetryAfter),
        _ => null,
    };

    /// <summary>The table from the pipeline's refusals to status and errno.</summary>
    public static KintoResponse Of(Refusal refusal, KintoOptions options) => refusal switch
    {
        Refusal.NoResource => NotFound,
        Refusal.NoMethod noMethod => MethodNotAllowed(noMethod.Allow),
        Refusal.NotSignedIn => Unauthorized,
        Refusal.TooManyFailures failures => TooManyRequests(failures.RetryAfter),
        Refusal.TooManyRequests requests => TooManyRequests(requests.RetryAfter, "Too many requests, please retry later."),
        Refusal.NoRoom or Refusal.StoreUnavailable => Unavailable(options.RetryAfter),

        // A write may have been done, so the client is not asked to repeat it blindly.
        Refusal.NoRoomForAnswer answer => Unavailable(
            answer.IsRead ? options.RetryAfter : null, "Too many answers are on their way. If this was a write, read before you write again."),
        Refusal.UrlTooLong url => Invalid(414, "path", null, $"The URL may have {url.MaxBytes} bytes."),
        Refusal.HeadersTooLarge headers => Invalid(431, "header", null, $"The headers may have {headers.MaxBytes} bytes."),
        Refusal.BadQuery => BadQuery,
        Refusal.BodyTooLarge body => TooLarge($"The body of a request may have {body.MaxBytes} bytes."),
        Refusal.BodyCoded body => Invalid(415, "header", "Content-Encoding", $"Content-Encoding should be {body.Accepted}, or not there")
            .With("Accept-Encoding", body.Accepted),
        Refusal.BodyTooSlow => Invalid(408, "body", null, "The body arrived too slowly."),
        Refusal.BodyBroken => Invalid("body", null, "The body could not be read."),
        Refusal.BadHttp http => Invalid(http.Status, "header", null, "The request is not valid HTTP."),
        Refusal.Fault => Internal,
        _ => throw new InvalidOperationException($"Unknown refusal {refusal.GetType().Name}."),
    };

    public static KintoResponse MethodNotAllowed(string allow) =>
        Create(405, KintoErrno.MethodNotAllowed, "Method Not Allowed", "Method not allowed on this endpoint.").With("Allow", allow);

    public static KintoResponse Invalid(string location, string? name, string description) => Invalid(400, location, name, description);

    public static KintoResponse Invalid(int status, string location, string? name, string description, int errno = KintoErrno.InvalidParameters)
    {
        // Kinto's wording: the name comes first, unless the description contains it.
        var message = name is null ? $"{location}: {description}"
            : description.Contains(name, StringComparison.Ordinal) ? description
            : $"{name} in {location}: {description}";
        return Create(status, errno, "Invalid parameters", message, writer =>
        {
            writer.WriteStartArray();
            writer.WriteStartObject();
            writer.WriteString("location", location);
            if (name is not null)
            {
                writer.WriteString("name", name);
            }

            writer.WriteString("description", description);
            writer.WriteEndObject();
            writer.WriteEndArray();
        });
    }

    public static KintoResponse Of(Invalid invalid) => Of(KintoFaults.Of(invalid));

    public static KintoResponse Of(Refused refused) => Invalid(refused.Location, refused.Field, refused.Reason);

    public static KintoResponse GivenTwice(string parameter) => Invalid("querystring", parameter, $"{parameter} should be given once");

    /// <param name="details">Writes the value of <c>details</c>; null for none.</param>
    public static KintoResponse Create(int status, int errno, string error, string? message, Action<Utf8JsonWriter>? details = null) =>
        new(status)
        {
            Body = output =>
            {
                using var writer = new Utf8JsonWriter(output);
                writer.WriteStartObject();
                writer.WriteNumber("code", status);
                writer.WriteNumber("errno", errno);
                writer.WriteString("error", error);
                if (message is not null)
                {
                    writer.WriteString("message", message);
                }

                if (details is not null)
                {
                    writer.WritePropertyName("details");
                    details(writer);
                }

                writer.WriteEndObject();
            },
        };
}
