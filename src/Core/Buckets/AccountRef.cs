using Lockstep.Core.Time;

namespace Lockstep.Core.Buckets;

/// <summary>
/// Identifies a caller's account. Names are reused, numbers are not: the number tells a deleted account from a later
/// one of the same name. The default value is an unknown account.
/// </summary>
/// <param name="Number">0 if unknown, for callers of a program that sends none. Then only their name counts.</param>
/// <param name="Since">When the account was created; zero if unknown.</param>
public readonly record struct AccountRef(long Number, ServerTimestamp Since)
{
    /// <summary>Whether this account created something that an account of its name created.</summary>
    /// <param name="maker">The number of the creator; null if a program that knew no numbers stored it.</param>
    /// <param name="changed">The stamp of its last change. Without a number, anything older than this account belongs to a former one.</param>
    public bool Made(long? maker, ServerTimestamp changed) => Number == 0 || (maker is { } number ? number == Number : changed >= Since);
}
