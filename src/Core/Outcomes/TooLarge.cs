namespace Lockstep.Core.Outcomes;

/// <summary>The write would exceed a limit; nothing was changed.</summary>
public sealed record TooLarge(string Reason) : Outcome;
