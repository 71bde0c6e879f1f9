using System.Text.Json;
using System.Text.Json.Serialization;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration;

/// <summary>Answers that show a whole object. Its properties are members with a small first letter; times are milliseconds since the Unix epoch.</summary>
internal static class AdministrationAnswers
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <param name="value">What is shown.</param>
    /// <param name="status">Of HTTP.</param>
    public static Answer Of<T>(T value, int status = 200)
    {
        ReadOnlyMemory<byte> json = JsonSerializer.SerializeToUtf8Bytes(value, Options);
        return new Answer(status)
        {
            Headers = [KeyValuePair.Create("Content-Type", "application/json; charset=utf-8")],
            Length = json.Length,
            Size = json.Length,
            Body = output => output.WriteStored(json),
        };
    }
}
