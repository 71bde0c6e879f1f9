namespace Lockstep.Core.Assignments;

/// <summary>How far a user's credentials have come, as their client or their issuer said it last. Neither number ever goes back.</summary>
/// <param name="Generation">Rises with each change of the password; 0: never said.</param>
/// <param name="Fingerprint">Of the key that the user's data is encrypted with; empty: never said. Another key means another, empty store.</param>
/// <param name="KeysChangedAt">Rises with each change of that key; 0: never said.</param>
public readonly record struct UserKeys(long Generation, string Fingerprint, long KeysChangedAt)
{
    /// <summary>The generation of a user who is gone for good.</summary>
    public const long RetiredGeneration = long.MaxValue;
}
