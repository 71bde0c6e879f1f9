using System.Buffers;
using System.Text.Json;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>Answers to a page: JSON with a word for the script, and the earlier servers' sentence for users who send a form without a script.</summary>
internal static class FormAnswers
{
    public static Answer Of(int status, string result, string message) => new(status)
    {
        Headers = [KeyValuePair.Create("Content-Type", WeaveAnswers.Json)],
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            writer.WriteStartObject();
            writer.WriteString("result", result);
            writer.WriteString("message", message);
            writer.WriteEndObject();
        },
    };
}
