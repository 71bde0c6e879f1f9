using Lockstep.Core.Assignments;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>What goes with a change of an account, in the same transaction.</summary>
public sealed record AccountSweep
{
    /// <summary>Nothing.</summary>
    public static AccountSweep None { get; } = new();

    /// <summary>Tokens of these kinds end, with what came from them and their devices.</summary>
    public IReadOnlyList<AccountTokenKind> Ended { get; init; } = [];

    /// <summary>
    /// Whose store takes no credentials of before the change: its generation is raised to one below the account's new one. Null for nobody's.
    /// </summary>
    public UserIdentity? Stores { get; init; }

    /// <summary>Tokens that are there from then on.</summary>
    public IReadOnlyList<AccountToken> Added { get; init; } = [];
}
