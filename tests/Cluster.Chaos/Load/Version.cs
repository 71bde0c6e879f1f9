namespace Lockstep.Cluster.Chaos.Load;

/// <summary>What a record was at one of its stamps.</summary>
/// <param name="Id">The record.</param>
/// <param name="Content">What was written, different in each write; null for a deletion.</param>
internal sealed record Version(string Id, string? Content);
