namespace Lockstep.Gateway.Federation;

/// <summary>What a token's signature is worth.</summary>
public enum SignatureCheck
{
    Right,

    /// <summary>By none of the issuer's keys, or by an algorithm that is not taken.</summary>
    Wrong,

    /// <summary>The issuer has none that can be used.</summary>
    NoKeys,

    /// <summary>The keys cannot be read at the moment, and none that are known fits.</summary>
    NotNow,
}
