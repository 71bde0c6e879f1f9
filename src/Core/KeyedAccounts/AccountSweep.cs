using Lockstep.Core.Assignments;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>Tokens and stores that end with a change of an account, in the same transaction.</summary>
public sealed record AccountSweep
{
    /// <summary>Nothing.</summary>
    public static AccountSweep None { get; } = new();

    /// <summary>Tokens of these kinds end, together with the tokens derived from them and their devices.</summary>
    public IReadOnlyList<AccountTokenKind> Ended { get; init; } = [];

    /// <summary>
    /// The user whose store no longer accepts credentials from before the change: its generation is raised to one below the account's new one. Null for nobody.
    /// </summary>
    public UserIdentity? Stores { get; init; }

    /// <summary>Tokens that exist from then on.</summary>
    public IReadOnlyList<AccountToken> Added { get; init; } = [];
}
