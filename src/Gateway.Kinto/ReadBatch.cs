using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>A parsed batch.</summary>
/// <param name="requests">Its parts; null if it is invalid.</param>
/// <param name="error">The error if it is invalid; otherwise null.</param>
/// <param name="document">Owns the parts' <see cref="KintoRequest.Json"/>; null if they have none.</param>
internal readonly struct ReadBatch(List<KintoRequest>? requests, KintoResponse? error, ParsedJson? document) : IDisposable
{
    /// <summary>Its parts; null if it is invalid.</summary>
    public List<KintoRequest>? Requests => requests;

    /// <summary>The error if it is invalid; otherwise null.</summary>
    public KintoResponse? Error => error;

    public void Dispose() => document?.Dispose();
}
