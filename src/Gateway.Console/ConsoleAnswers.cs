using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console;

/// <summary>Answers to the pages: JSON. An error is <c>{"error": word, "message": sentence}</c>, with <c>field</c> where one is wrong.</summary>
internal static class ConsoleAnswers
{
    private const string Json = "application/json; charset=utf-8";

    /// <summary>204.</summary>
    public static Answer Nothing(params KeyValuePair<string, string>[] headers) => new(204) { Headers = headers };

    /// <param name="write">Writes the members.</param>
    /// <param name="size">Bytes of stored data in it; a rough figure is enough.</param>
    /// <param name="headers">Besides those that all have.</param>
    public static Answer Object(Action<Utf8JsonWriter> write, long size = 0, params KeyValuePair<string, string>[] headers) => Object(200, write, size, headers);

    public static Answer Of(ConsoleError error) => Object(
        error.Status,
        writer =>
        {
            writer.WriteString("error", error.Word);
            writer.WriteString("message", error.Message);
            if (error.Field is { } field)
            {
                writer.WriteString("field", field);
            }
        },
        0,
        error.RetryAfter is { } wait ? [KeyValuePair.Create("Retry-After", Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture))] : []);

    public static Answer Of(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => Of(ConsoleError.NoResource),
        Refusal.NoMethod method => Of(ConsoleError.NoMethod) with { Headers = [KeyValuePair.Create("Content-Type", Json), KeyValuePair.Create("Allow", method.Allow)] },
        Refusal.NotSignedIn => Of(ConsoleError.SignedOut),
        Refusal.TooManyFailures failures => Of(ConsoleError.TooManyFailures with { RetryAfter = failures.RetryAfter }),
        Refusal.TooManyRequests requests => Of(ConsoleError.TooManyRequests with { RetryAfter = requests.RetryAfter }),
        Refusal.NoRoom or Refusal.NoRoomForAnswer { IsRead: true } => Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) }),
        Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Of(ConsoleError.Away with { RetryAfter = TimeSpan.FromSeconds(10) }),
        Refusal.UrlTooLong => Of(new ConsoleError(414, "too-long", "The URL is too long.")),
        Refusal.HeadersTooLarge => Of(new ConsoleError(431, "too-long", "The headers are too long.")),
        Refusal.BodyTooLarge => Of(new ConsoleError(413, "too-long", "The body is too long.")),
        Refusal.BodyCoded coded => Of(new ConsoleError(415, "unreadable", "The body has a coding that is not known.")) with { Headers = [KeyValuePair.Create("Content-Type", Json), KeyValuePair.Create("Accept-Encoding", coded.Accepted)] },
        Refusal.BodyTooSlow => Of(new ConsoleError(408, "unreadable", "The body came too slowly.")),
        Refusal.BadHttp bad => Of(new ConsoleError(bad.Status, "unreadable", "The request cannot be read.")),
        Refusal.Fault => Of(ConsoleError.Fault),
        _ => Of(new ConsoleError(400, "unreadable", "The request cannot be read.")),
    };

    private static Answer Object(int status, Action<Utf8JsonWriter> write, long size, KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", Json), .. headers],
        Size = size,
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        },
    };
}
