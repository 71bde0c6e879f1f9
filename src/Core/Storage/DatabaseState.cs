namespace Lockstep.Core.Storage;

/// <summary>A database as it was found.</summary>
/// <param name="Name">Engine and place, without secrets: <c>PostgreSQL, db:5432/lockstep</c>.</param>
/// <param name="Latency">How long it took to answer; null if it did not.</param>
/// <param name="Schema">The version of its schema; null if it did not answer.</param>
/// <param name="KnownSchema">The newest version that this program knows.</param>
/// <param name="IsLeaseHeld">Whether this process may answer from memory for its buckets; null where there is no lease.</param>
/// <param name="Shards">Which shards of the buckets it holds: <c>0-511</c>; null where it holds all.</param>
public sealed record DatabaseState(string Name, TimeSpan? Latency, int? Schema, int KnownSchema, bool? IsLeaseHeld, string? Shards);
