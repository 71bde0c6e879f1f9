using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>One event of a stream of changes.</summary>
/// <param name="Name">Empty for a change.</param>
/// <param name="Id">Where the client goes on from by then; not only what the event itself says.</param>
/// <param name="HasId">Whether the event itself says it.</param>
/// <param name="Data">The JSON.</param>
public sealed record StreamEvent(string Name, string Id, bool HasId, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public string Path => Json.GetProperty("path").GetString()!;

    public string Record => Json.GetProperty("data").GetProperty("id").GetString()!;

    public long Stamp => Json.GetProperty("data").GetProperty("last_modified").GetInt64();

    public bool IsDeletion => Json.GetProperty("data").TryGetProperty("deleted", out _);
}
