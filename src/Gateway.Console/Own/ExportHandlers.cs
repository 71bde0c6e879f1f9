using System.Text.Json;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Own;

/// <summary>All that is in a user's buckets, as a file.</summary>
internal sealed class ExportHandlers(OwnBuckets own, AuditTrail audit)
{
    public Answer Download(ConsoleRequest request)
    {
        var user = request.User;
        audit.Write(AuditEvents.Exported, request.Source(user.Account));
        return new Answer(200)
        {
            Headers = [KeyValuePair.Create("Content-Type", "application/jsonl; charset=utf-8"), KeyValuePair.Create("Content-Disposition", "attachment; filename=\"lockstep.jsonl\"")],
            Stream = async (output, givenUp) =>
            {
                await using var writer = new Utf8JsonWriter(output);
                await new ExportedLines(own, user, writer, output).WriteAsync(givenUp);
            },
        };
    }
}
