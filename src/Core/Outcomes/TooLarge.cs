namespace Lockstep.Core.Outcomes;

/// <summary>The write would exceed a limit; nothing was changed.</summary>
/// <param name="Reason">The exceeded limit, for a person.</param>
public sealed record TooLarge(string Reason) : Outcome;
