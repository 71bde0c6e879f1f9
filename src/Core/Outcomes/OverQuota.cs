namespace Lockstep.Core.Outcomes;

/// <summary>A quota would be exceeded; nothing was changed.</summary>
/// <param name="Reason">The exceeded limit, for a person. Null if there is only one.</param>
public sealed record OverQuota(string? Reason = null) : Outcome
{
    public static readonly OverQuota Instance = new();
}
