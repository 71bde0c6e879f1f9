using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Syncto;

/// <summary>An answer that can be sent alone or inside a batch.</summary>
internal sealed record SynctoResponse(int Status)
{
    /// <summary>Sent as ETag and Last-Modified.</summary>
    public ServerTimestamp? Stamp { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Writes the JSON body; null for none.</summary>
    public Action<IBufferWriter<byte>>? Body { get; init; }

    /// <summary>Seconds after which to ask again, according to the storage; 0 for none.</summary>
    public int Backoff { get; init; }

    /// <summary>A message that clients show to users, JSON; null for none.</summary>
    public string? Alert { get; init; }

    /// <summary>Bytes of stored data in the body, roughly.</summary>
    public long Size { get; init; }

    public SynctoResponse With(string header, string value) => this with { Headers = [.. Headers, KeyValuePair.Create(header, value)] };

    /// <summary>A JSON object.</summary>
    /// <param name="status">The status.</param>
    /// <param name="members">Writes its members.</param>
    public static SynctoResponse Object(int status, Action<Utf8JsonWriter> members) => new(status)
    {
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        },
    };
}
