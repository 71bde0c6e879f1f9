using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Gateway.Kinto;

/// <summary>Lists the indexes of a collection, and how far they are built. Not in Kinto.</summary>
internal sealed class IndexList(KintoOptions options)
{
    /// <param name="request">The request.</param>
    /// <param name="target">The collection's records.</param>
    public KintoPlan Get(KintoRequest request, KintoTarget target) => new KintoPlan.Call(
        target.Bucket, target.Caller, new ReadFieldIndexes(target.List), outcome => outcome is FieldIndexesFound found
            ? new KintoResponse(200) { Body = output => Write(new Utf8JsonWriter(output), found) }
            : KintoOutcomes.Render(outcome, request, target, fields: null, options));

    private static void Write(Utf8JsonWriter writer, FieldIndexesFound found)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data");
        foreach (var index in found.Indexes)
        {
            writer.WriteStartObject();
            writer.WriteString("field", index.Path);
            writer.WriteString("state", index.IsUsable ? "ready" : "building");
            writer.WriteNumber("records", index.IsUsable ? found.Records : Math.Min(index.Built, found.Records));
            writer.WriteNumber("total", found.Records);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
    }
}
