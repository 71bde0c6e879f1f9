using System.Text.Json;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>One request's end, as its client sees it.</summary>
/// <param name="Fate">What is known of its execution.</param>
/// <param name="Status">The HTTP status; 0 when there was no answer.</param>
/// <param name="Stamp">The ETag; 0 when there was none.</param>
/// <param name="Body">The body; default when there was none.</param>
/// <param name="Invoked">Monotonic time at which it was sent.</param>
/// <param name="Returned">Monotonic time at which the answer was there.</param>
/// <param name="NextPage">Path of a list's next page; null when there is none.</param>
internal sealed record Answer(Fate Fate, int Status, long Stamp, JsonElement Body, long Invoked, long Returned, string? NextPage)
{
    public bool IsSuccess => Status is 200 or 201;

    /// <summary>The stamp that a write was given.</summary>
    public long Written => Body.ValueKind is JsonValueKind.Object && Body.TryGetProperty("data", out var data) ? data.GetProperty("last_modified").GetInt64() : Stamp;

    public JsonElement Data => Body.GetProperty("data");
}
