namespace Lockstep.Grains;

/// <summary>How the result of a sign-in affects the count.</summary>
public enum SignInResult : byte
{
    /// <summary>It counts.</summary>
    Failed = 0,

    /// <summary>It does not count.</summary>
    Passed = 1,

    /// <summary>It does not count, and earlier failures are forgotten.</summary>
    Cleared = 2,
}
