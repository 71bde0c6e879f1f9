using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Gateway.Syncto.Storage;
using Microsoft.AspNetCore.WebUtilities;

namespace Lockstep.Gateway.Syncto;

/// <summary>Answers in the protocol's error shape: <c>{"code","errno","error","message"?,"details"?}</c>.</summary>
internal static class SynctoErrors
{
    public static SynctoResponse NoToken { get; } =
        Create(401, SynctoErrno.MissingAuthToken, "Unauthorized", "Provide an access token: Authorization: Bearer <oauth_token>.").With("WWW-Authenticate", "Bearer");

    public static SynctoResponse NoClientState { get; } =
        Create(401, SynctoErrno.MissingAuthToken, "Unauthorized", "Provide the tokenserver X-Client-State header.").With("WWW-Authenticate", "Bearer");

    public static SynctoResponse NoBucket { get; } =
        Create(401, SynctoErrno.MissingAuthToken, "Unauthorized", "The provided bucket ID is incorrect.").With("WWW-Authenticate", "Bearer");

    public static SynctoResponse NotFound { get; } =
        Create(404, SynctoErrno.MissingResource, "Not Found", "The resource you are looking for could not be found.");

    public static SynctoResponse VersionNotAvailable { get; } =
        Create(404, SynctoErrno.VersionNotAvailable, "Not Found", "The requested API version is not available on this server.");

    public static SynctoResponse Internal { get; } =
        Create(500, SynctoErrno.Undefined, "Internal Server Error", "A programmatic error occured, developers have been informed.");

    public static SynctoResponse Unavailable { get; } = Create(
        503, SynctoErrno.Backend, "Service Unavailable", "Service temporary unavailable due to overloading or maintenance, please retry later.");

    /// <summary>The other server does not answer.</summary>
    public static SynctoResponse Unreachable { get; } = Create(
        503, SynctoErrno.Backend, "Service Unavailable", "Unable to reach the service. Check your internet connection or firewall configuration.");

    public static SynctoResponse Gone { get; } = Create(
        410, SynctoErrno.ServiceDeprecated, "Gone", "The service you are trying to connect no longer exists at this location.");

    /// <summary>The settings do not allow writes to the collection, or deletions from it.</summary>
    /// <param name="allow">The allowed methods.</param>
    public static SynctoResponse Disabled(string allow) =>
        Create(405, SynctoErrno.MethodNotAllowed, "Method Not Allowed", "Endpoint disabled for this collection in configuration.").With("Allow", allow);

    public static SynctoResponse NoMethod(string allow) =>
        Create(405, SynctoErrno.MethodNotAllowed, "Method Not Allowed", "Method not allowed on this endpoint.").With("Allow", allow);

    public static SynctoResponse BadJson(JsonException fault) =>
        Create(400, SynctoErrno.BadJson, "Bad Request", $"Request body was not valid JSON: {fault.Message}");

    public static SynctoResponse TooLarge(string message) =>
        Create(413, SynctoErrno.RequestTooLarge, "Request Entity Too Large", message);

    /// <summary>A body of valid JSON with an invalid value.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="description">Its fault.</param>
    public static SynctoResponse BadBody(string name, string description) => Create(
        400, SynctoErrno.InvalidPostedData, "Bad Request", $"Invalid posted data: {name}: {description}", Details("body", name, description));

    public static SynctoResponse Invalid(string location, string? name, string description) => Invalid(400, location, name, description);

    public static SynctoResponse Invalid(int status, string location, string? name, string description)
    {
        // cliquet's wording: the name is put in front unless the description contains it.
        var message = name is null ? $"{location}: {description}"
            : description.Contains(name, StringComparison.Ordinal) ? description
            : $"{name} in {location}: {description}";
        return Create(status, SynctoErrno.InvalidParameters, "Invalid parameters", message, Details(location, name, description));
    }

    /// <summary>TokenServer's error about a user.</summary>
    public static SynctoResponse Of(TokenError error) => OfUpstream(error.HttpStatus, $"{error.Status}: {error.Description}", isWrite: false);

    /// <summary>A storage's answer to a request: 304 or a status above 399.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="isWrite">Whether the request had a body.</param>
    public static SynctoResponse Of(StorageReply reply, bool isWrite)
    {
        var response = reply.Status switch
        {
            304 => new SynctoResponse(304),
            412 => Modified(reply.Existing),
            0 => Unreachable,
            _ => OfUpstream(reply.Status, reply.Text, isWrite),
        };
        return response with { Stamp = reply.Stamp, Backoff = reply.Backoff, Alert = reply.Alert, Size = reply.Size };
    }

    /// <summary>Maps the pipeline's refusals to status and errno.</summary>
    public static SynctoResponse Of(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => NotFound,
        Refusal.NoMethod noMethod => NoMethod(noMethod.Allow),
        Refusal.NotSignedIn => NoToken,
        Refusal.TooManyFailures failures => Create(429, SynctoErrno.TooManyRequests, "Too Many Requests", "Too many failed sign-ins, please retry later.")
            .With("Retry-After", Math.Ceiling(failures.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
        Refusal.TooManyRequests requests => Create(429, SynctoErrno.TooManyRequests, "Too Many Requests", "Too many requests, please retry later.")
            .With("Retry-After", Math.Ceiling(requests.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
        Refusal.NoRoom or Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Unavailable,
        Refusal.UrlTooLong url => Invalid(414, "path", null, $"The URL may have {url.MaxBytes} bytes."),
        Refusal.HeadersTooLarge headers => Invalid(431, "header", null, $"The headers may have {headers.MaxBytes} bytes."),
        Refusal.BadQuery => Invalid("querystring", null, "The query string has a broken escape, NUL, or bytes that are not UTF-8 in it."),
        Refusal.BodyTooLarge body => TooLarge($"The body of a request may have {body.MaxBytes} bytes."),
        Refusal.BodyCoded body => Invalid(415, "header", "Content-Encoding", $"Content-Encoding should be {body.Accepted}, or not there")
            .With("Accept-Encoding", body.Accepted),
        Refusal.BodyTooSlow => Invalid(408, "body", null, "The body arrived too slowly."),
        Refusal.BodyBroken => Invalid("body", null, "The body could not be read."),
        Refusal.BadHttp http => Invalid(http.Status, "header", null, "The request is not valid HTTP."),
        Refusal.Fault => Internal,
        _ => throw new InvalidOperationException($"Unknown refusal {refusal.GetType().Name}."),
    };

    private static SynctoResponse OfUpstream(int status, string text, bool isWrite)
    {
        var message = $"{status} {ReasonPhrases.GetReasonPhrase(status)}: {text}";
        return status switch
        {
            400 => Create(400, isWrite ? SynctoErrno.InvalidPostedData : SynctoErrno.InvalidParameters, isWrite ? "Bad Request" : "Invalid parameters", message),
            401 => Create(401, SynctoErrno.InvalidAuthToken, "Unauthorized", message).With("WWW-Authenticate", "Bearer"),
            403 => Create(403, SynctoErrno.Forbidden, "Forbidden", message),
            404 => Create(404, SynctoErrno.InvalidResourceId, "Not Found", message),
            _ => Unavailable,
        };
    }

    private static SynctoResponse Modified(StoredRecord? existing) => Create(
        412,
        SynctoErrno.ModifiedMeanwhile,
        "Precondition Failed",
        "Resource was modified meanwhile",
        existing is null ? null : output =>
        {
            output.WriteStartObject();
            output.WritePropertyName("existing");
            RecordWriter.Write(output, existing);
            output.WriteEndObject();
        });

    private static Action<Utf8JsonWriter> Details(string location, string? name, string description) => writer =>
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
    };

    private static SynctoResponse Create(int status, int errno, string error, string message, Action<Utf8JsonWriter>? details = null) =>
        SynctoResponse.Object(status, writer =>
        {
            writer.WriteNumber("code", status);
            writer.WriteNumber("errno", errno);
            writer.WriteString("error", error);
            writer.WriteString("message", message);
            if (details is not null)
            {
                writer.WritePropertyName("details");
                details(writer);
            }
        });
}
