namespace Lockstep.Core.Outcomes;

/// <summary>The bucket would hold more than it may; nothing was changed.</summary>
public sealed record OverQuota : Outcome
{
    public static readonly OverQuota Instance = new();
}
