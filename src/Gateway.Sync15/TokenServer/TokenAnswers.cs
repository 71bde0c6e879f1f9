using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Answers in the protocol's shape.</summary>
internal static class TokenAnswers
{
    private const string RetryAfter = "10";

    // Byte for byte as other servers write it.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Answer Object(int status, Action<Utf8JsonWriter> write, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", SyncAnswers.Json), KeyValuePair.Create("Cache-Control", "no-store"), .. headers],
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output, Plain);
            write(writer);
        },
    };

    /// <summary><c>{"status":"error","errors":[{"location":"body","name":"","description":"Unauthorized"}]}</c>.</summary>
    public static Answer Of(TokenError error, params KeyValuePair<string, string>[] headers) => Object(
        error.HttpStatus,
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", error.Status);
            writer.WriteStartArray("errors");
            writer.WriteStartObject();
            writer.WriteString("location", error.Location);
            writer.WriteString("name", error.Name);
            writer.WriteString("description", error.Description);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        },
        [
            .. headers,
            .. error.HttpStatus switch
            {
                401 => [KeyValuePair.Create("WWW-Authenticate", "Bearer")],
                503 => [KeyValuePair.Create("Retry-After", RetryAfter)],
                _ => Array.Empty<KeyValuePair<string, string>>(),
            },
        ]);

    public static Answer Of(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => Of(TokenError.NotFound),
        Refusal.NoMethod method => Of(TokenError.Of(405, "Method not allowed"), KeyValuePair.Create("Allow", method.Allow)),
        Refusal.NotSignedIn => Of(TokenError.NoCredentials),
        Refusal.TooManyFailures failures => Of(
            TokenError.Of(429, "Too many failures"),
            KeyValuePair.Create("Retry-After", Math.Ceiling(failures.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture))),
        Refusal.TooManyRequests requests => Of(
            TokenError.Of(429, "Too many requests"),
            KeyValuePair.Create("Retry-After", Math.Ceiling(requests.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture))),
        Refusal.NoRoom or Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Of(TokenError.NotNow),
        Refusal.UrlTooLong => Of(TokenError.Of(414, "URL is too long")),
        Refusal.HeadersTooLarge => Of(TokenError.Of(431, "Headers are too large")),
        Refusal.BadQuery => Of(TokenError.Of(400, "Invalid query")),
        Refusal.BodyTooLarge => Of(TokenError.Of(413, "Body is too large")),
        Refusal.BodyCoded coded => Of(TokenError.Of(415, "Unsupported coding"), KeyValuePair.Create("Accept-Encoding", coded.Accepted)),
        Refusal.BodyTooSlow => Of(TokenError.Of(408, "Body is too slow")),
        Refusal.BodyBroken => Of(TokenError.Of(400, "Invalid body")),
        Refusal.BadHttp http => Of(TokenError.Of(http.Status, "Bad request")),
        Refusal.Fault => Of(TokenError.Internal),
        _ => throw new InvalidOperationException($"No answer for {refusal.GetType().Name}."),
    };
}
