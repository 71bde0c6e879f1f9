using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;

namespace Lockstep.Gateway.Http;

/// <summary>Who signed in.</summary>
/// <param name="Id">With its scheme: <c>account:alice</c>.</param>
/// <param name="Account">The account's name; of somebody without an account what no account's name can be.</param>
/// <param name="DefaultBucket">Id of the bucket that is theirs alone.</param>
public sealed record Principal(string Id, string Account, string DefaultBucket)
{
    /// <summary>
    /// The account with which they signed in, or whose number their storage has; the default where there is none. What they write names
    /// it, and is refused once it is closed.
    /// </summary>
    public AccountRef Ref
    {
        get => Verified?.Ref ?? field;
        init;
    }

    /// <summary>Bytes that they may store, 0 for no limit; null for what the settings say.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>What a provider says of somebody without an account, by the names of its claims; null for others.</summary>
    public IReadOnlyDictionary<string, string>? Profile { get; init; }

    /// <summary>
    /// The local account as it was when the password was verified. It can be another by now, or gone: a sign-in is remembered for a
    /// while.
    /// </summary>
    internal Account? Verified { get; init; }
}
