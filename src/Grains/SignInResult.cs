namespace Lockstep.Grains;

/// <summary>What a try to sign in means for what is counted.</summary>
public enum SignInResult : byte
{
    /// <summary>It counts.</summary>
    Failed = 0,

    /// <summary>It does not count.</summary>
    Passed = 1,

    /// <summary>It does not count, and what counted before is forgotten.</summary>
    Cleared = 2,
}
