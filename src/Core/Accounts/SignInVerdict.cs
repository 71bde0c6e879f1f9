namespace Lockstep.Core.Accounts;

/// <summary>The outcome of a sign-in try.</summary>
public enum SignInVerdict
{
    /// <summary>The password was not fully checked: the try does not count.</summary>
    Undecided,

    /// <summary>The password is right: earlier failures of this account from this address are forgotten.</summary>
    Right,

    /// <summary>The password is wrong: the try counts.</summary>
    Wrong,
}
