using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Pipeline;
using Microsoft.AspNetCore.WebUtilities;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Answers in the protocol's format.</summary>
internal static class AccountAnswers
{
    private const string Json = "application/json; charset=utf-8";

    /// <summary><c>{}</c>.</summary>
    public static Answer Empty => Object(static _ => { });

    /// <param name="write">Writes the members.</param>
    /// <param name="headers">Headers in addition to <c>Content-Type</c>.</param>
    public static Answer Object(Action<Utf8JsonWriter> write, params KeyValuePair<string, string>[] headers) => Value(
        200,
        writer =>
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        },
        headers);

    /// <param name="write">Writes the items.</param>
    public static Answer Array(Action<Utf8JsonWriter> write) => Value(200, writer =>
    {
        writer.WriteStartArray();
        write(writer);
        writer.WriteEndArray();
    });

    public static Answer Of(AccountError error, params KeyValuePair<string, string>[] headers) => Value(
        error.Code,
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("code", error.Code);
            writer.WriteNumber("errno", error.Errno);
            writer.WriteString("error", ReasonPhrases.GetReasonPhrase(error.Code));
            writer.WriteString("message", error.Message);
            if (error.RetryAfter is { } seconds)
            {
                writer.WriteNumber("retryAfter", seconds);
            }

            if (error.Parameter is { } parameter)
            {
                writer.WriteString("param", parameter);
            }

            if (error.Email is { } email)
            {
                writer.WriteString("email", email);
            }

            writer.WriteEndObject();
        },
        error.RetryAfter is { } wait ? [KeyValuePair.Create("Retry-After", wait.ToString(CultureInfo.InvariantCulture)), .. headers] : headers);

    public static Answer Of(Refusal refusal) => refusal switch
    {
        Refusal.NoResource => Of(AccountError.NotFound),
        Refusal.NoMethod method => Of(new AccountError(405, 116, "The endpoint has no such method"), KeyValuePair.Create("Allow", method.Allow)),
        Refusal.NotSignedIn => Of(AccountError.NoCredential),
        Refusal.TooManyFailures failures => Of(AccountError.TooMany(failures.RetryAfter)),
        Refusal.TooManyRequests requests => Of(AccountError.TooMany(requests.RetryAfter)),
        Refusal.NoRoom or Refusal.NoRoomForAnswer or Refusal.StoreUnavailable => Of(AccountError.NotNow),
        Refusal.UrlTooLong => Of(new AccountError(414, 107, "The URL is too long")),
        Refusal.HeadersTooLarge => Of(new AccountError(431, 107, "The headers are too large")),
        Refusal.BadQuery => Of(AccountError.Invalid("query")),
        Refusal.BodyTooLarge => Of(new AccountError(413, 113, "Request body too large")),
        Refusal.BodyCoded coded => Of(new AccountError(415, 107, "The body is coded in a way that is not taken"), KeyValuePair.Create("Accept-Encoding", coded.Accepted)),
        Refusal.BodyTooSlow => Of(new AccountError(408, 106, "The body is too slow")),
        Refusal.BodyBroken => Of(AccountError.NoJson),
        Refusal.BadHttp http => Of(new AccountError(http.Status, 107, "Bad request")),
        Refusal.Fault => Of(AccountError.Fault),
        _ => throw new InvalidOperationException($"No answer for {refusal.GetType().Name}."),
    };

    private static Answer Value(int status, Action<Utf8JsonWriter> write, params KeyValuePair<string, string>[] headers) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", Json), .. headers],
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            write(writer);
        },
    };
}
