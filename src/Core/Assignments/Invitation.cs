using System.Globalization;
using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Core.Assignments;

/// <summary>A code that lets one user in who is not known yet.</summary>
/// <param name="Digest">SHA-256 of the code, hex: the code itself is kept nowhere.</param>
/// <param name="Note">What the operator wrote to it.</param>
/// <param name="QuotaBytes">What the user may store; null: what the settings say.</param>
/// <param name="Expires">When it ends, if nobody has taken it.</param>
/// <param name="User">Who has taken it; null for nobody. Of an account of this server it is <see cref="OfAccount"/>.</param>
public sealed record Invitation(string Digest, string Note, long? QuotaBytes, ServerTimestamp Expires, UserIdentity? User)
{
    /// <summary>
    /// Of an invitation to an account with a password of its own: the name that the account must have, empty for any. Null for an invitation to anything else. Neither
    /// kind admits to what the other one is for.
    /// </summary>
    public string? AccountName { get; init; }

    /// <summary>Whom an invitation is of that an account was made with: by its number, so that no later account of its name has it.</summary>
    public static UserIdentity OfAccount(long number) => new(UserIdentity.Local, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Whether an account without a password of its own can be made with it.</summary>
    public bool IsFree(ServerTimestamp now) => AccountName is null && User is null && Expires > now;

    /// <summary>Whether it invites to an account with a password of its own and that name.</summary>
    public bool IsFor(string name) => AccountName is "" || string.Equals(AccountName, name, StringComparison.Ordinal);

    /// <summary>Whether it is that account's.</summary>
    public bool IsOf(Account account) => User == OfAccount(account.Number);
}
