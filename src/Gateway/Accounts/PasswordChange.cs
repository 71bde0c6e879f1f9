namespace Lockstep.Gateway.Accounts;

/// <summary>The outcome of an operator's change of a password.</summary>
public enum PasswordChange
{
    /// <summary>The password was changed.</summary>
    Done,

    /// <summary>There is no such account. Nothing was changed.</summary>
    NoAccount,

    /// <summary>The account is not fully imported yet. With a password, half of its data would count as the whole. Nothing was changed.</summary>
    Importing,
}
