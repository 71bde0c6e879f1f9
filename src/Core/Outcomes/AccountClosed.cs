namespace Lockstep.Core.Outcomes;

/// <summary>The caller's account was deleted, and nothing was done: as if the sign-in had been refused.</summary>
public sealed record AccountClosed : Outcome
{
    public static readonly AccountClosed Instance = new();
}
