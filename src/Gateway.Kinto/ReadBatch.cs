using System.Text.Json;

namespace Lockstep.Gateway.Kinto;

/// <summary>A batch that was read.</summary>
/// <param name="requests">Its parts; null where it is none.</param>
/// <param name="error">Why it is none; else null.</param>
/// <param name="document">What the parts' <see cref="KintoRequest.Json"/> lies in; null where they have none.</param>
internal readonly struct ReadBatch(List<KintoRequest>? requests, KintoResponse? error, JsonDocument? document) : IDisposable
{
    /// <summary>Its parts; null where it is none.</summary>
    public List<KintoRequest>? Requests => requests;

    /// <summary>Why it is none; else null.</summary>
    public KintoResponse? Error => error;

    public void Dispose() => document?.Dispose();
}
