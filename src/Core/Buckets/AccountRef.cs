using Lockstep.Core.Time;

namespace Lockstep.Core.Buckets;

/// <summary>
/// Which account a caller has. Names are given again, numbers are not: by the number an account that is gone is told from a later
/// one of its name. The default is an account that is not known.
/// </summary>
/// <param name="Number">0: not known, as of callers who come through a program that names none. Their name alone counts.</param>
/// <param name="Since">When the account was made; zero when that is not known.</param>
public readonly record struct AccountRef(long Number, ServerTimestamp Since)
{
    /// <summary>Whether what somebody of the account's name has made was made by this account.</summary>
    /// <param name="maker">The number of the account that made it; null where a program stored it that knew no numbers.</param>
    /// <param name="changed">The stamp of its last change: without a number, what is older than the account was a former one's.</param>
    public bool Made(long? maker, ServerTimestamp changed) => Number == 0 || (maker is { } number ? number == Number : changed >= Since);
}
