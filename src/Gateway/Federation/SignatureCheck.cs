namespace Lockstep.Gateway.Federation;

/// <summary>The outcome of checking a token's signature.</summary>
public enum SignatureCheck
{
    Right,

    /// <summary>Signed by none of the issuer's keys, or with an algorithm that is not accepted.</summary>
    Wrong,

    /// <summary>The issuer has no usable key.</summary>
    NoKeys,

    /// <summary>The keys cannot be read at the moment, and no known key fits.</summary>
    NotNow,
}
