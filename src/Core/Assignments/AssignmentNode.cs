namespace Lockstep.Core.Assignments;

/// <summary>A server that stores can be assigned to. Without any, all stores are on this server.</summary>
/// <param name="Number">From 1; 0 is this server, which has no row.</param>
/// <param name="Url">The URL that clients get, without a slash at the end.</param>
/// <param name="Available">Stores that may still be assigned to it before more are released.</param>
/// <param name="Load">Stores assigned to it.</param>
/// <param name="Capacity">Stores that it can hold.</param>
/// <param name="IsDown">Not to be used at all.</param>
/// <param name="IsDraining">It gets no new stores; its present ones stay.</param>
public sealed record AssignmentNode(int Number, string Url, int Available, int Load, int Capacity, bool IsDown, bool IsDraining);
