namespace Lockstep.Core.Assignments;

/// <summary>A server that stores can be given on. Without any, all stores are on this one.</summary>
/// <param name="Number">From 1; 0 is this server, which has no row.</param>
/// <param name="Url">What clients are told, without a slash at its end.</param>
/// <param name="Available">Stores that it may still be given before more are released.</param>
/// <param name="Load">Stores that it was given.</param>
/// <param name="Capacity">Stores that it takes.</param>
/// <param name="IsDown">Not to be used at all.</param>
/// <param name="IsDraining">Gets no new ones; those that are there stay.</param>
public sealed record AssignmentNode(int Number, string Url, int Available, int Load, int Capacity, bool IsDown, bool IsDraining);
