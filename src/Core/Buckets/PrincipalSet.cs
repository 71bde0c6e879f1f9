namespace Lockstep.Core.Buckets;

/// <summary>All that a caller counts as.</summary>
/// <param name="User">Who signed in, for example <c>account:alice</c>: the author of what they create. Null for nobody.</param>
public readonly record struct PrincipalSet(string? User)
{
    /// <summary>The account that <see cref="User"/> names.</summary>
    public AccountRef Account { get; init; }

    public bool Contains(string? principal) => principal is not null && string.Equals(User, principal, StringComparison.Ordinal);
}
