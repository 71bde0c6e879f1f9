namespace Lockstep.Core.Outcomes;

/// <summary>The caller may not. Also returned for missing objects, so that it does not reveal whether they exist.</summary>
public sealed record Forbidden : Outcome
{
    public static readonly Forbidden Instance = new();
}
