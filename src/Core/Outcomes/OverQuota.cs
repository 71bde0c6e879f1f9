namespace Lockstep.Core.Outcomes;

/// <summary>More would be held than may be; nothing was changed.</summary>
/// <param name="Reason">For a person: which limit. Null where there is one only.</param>
public sealed record OverQuota(string? Reason = null) : Outcome
{
    public static readonly OverQuota Instance = new();
}
