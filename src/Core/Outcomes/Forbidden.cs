namespace Lockstep.Core.Outcomes;

/// <summary>The caller may not; also said of what does not exist, so that existence does not show.</summary>
public sealed record Forbidden : Outcome
{
    public static readonly Forbidden Instance = new();
}
