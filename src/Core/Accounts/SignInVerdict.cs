namespace Lockstep.Core.Accounts;

/// <summary>How a try to sign in has ended.</summary>
public enum SignInVerdict
{
    /// <summary>The password was not looked at to the end: it does not count.</summary>
    Undecided,

    /// <summary>The password is right: what failed before for this account from this address is forgotten.</summary>
    Right,

    /// <summary>It counts.</summary>
    Wrong,
}
