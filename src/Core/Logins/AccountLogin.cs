using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Core.Logins;

/// <summary>
/// A name and a password with which an account's user signs in to one protocol, apart from whatever password the account has itself: neither opens what the other
/// opens, and a change of one changes nothing of the other.
/// </summary>
/// <param name="Account">Whose it is.</param>
/// <param name="Name">What the user signs in with; unique among logins. Its case counts.</param>
/// <param name="PasswordHash">As <see cref="Accounts.PasswordHash"/> writes it. Never leaves the server.</param>
public sealed record AccountLogin(Account Account, string Name, string PasswordHash)
{
    /// <summary>In place of a hash, of a user whose data is being brought here from elsewhere: no password is equal to it.</summary>
    public const string Pending = "importing";

    /// <summary>Whether not all of that data is here yet. Until then nobody signs in, and nothing but the import changes the login.</summary>
    public bool IsPending => PasswordHash == Pending;

    /// <summary>Where mails for the user go; empty for nowhere.</summary>
    public string Email { get; init; } = "";

    /// <summary>Bytes that the user may store, 0 for no limit; null for what the settings say.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>Digests of codes that stand in for the password once, as the protocol writes them; null for none.</summary>
    public string? ResetDigest { get; init; }

    /// <summary>From then on none of these codes is good.</summary>
    public ServerTimestamp ResetExpires { get; init; }

    /// <summary>Rises with each change of the login. A change is made from what was read, or not at all.</summary>
    public long Revision { get; init; }
}
