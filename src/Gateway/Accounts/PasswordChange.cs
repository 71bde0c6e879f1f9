namespace Lockstep.Gateway.Accounts;

/// <summary>What has come of a new password that an operator sets.</summary>
public enum PasswordChange
{
    /// <summary>It is the password now.</summary>
    Done,

    /// <summary>There is no such account. Nothing was changed.</summary>
    NoAccount,

    /// <summary>The account's data is not all here yet: with a password half of it would count as the whole. Nothing was changed.</summary>
    Importing,
}
