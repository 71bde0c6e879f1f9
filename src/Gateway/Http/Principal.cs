using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;

namespace Lockstep.Gateway.Http;

/// <summary>A user who has signed in.</summary>
/// <param name="Id">Their id with its scheme: <c>account:alice</c>.</param>
/// <param name="Account">The account's name; for users without an account, a text that no account's name can be.</param>
/// <param name="DefaultBucket">The id of their own bucket.</param>
public sealed record Principal(string Id, string Account, string DefaultBucket)
{
    /// <summary>
    /// The account with which they signed in, or whose number their storage has; the default value if there is none. Their writes name
    /// it, and are refused once it is closed.
    /// </summary>
    public AccountRef Ref
    {
        get => Verified?.Ref ?? field;
        init;
    }

    /// <summary>Bytes that they may store, 0 for no limit; null for the default of the settings.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>A provider's claims about a user without an account, by name; null for others.</summary>
    public IReadOnlyDictionary<string, string>? Profile { get; init; }

    /// <summary>
    /// The local account as it was when the password was verified. It can be another one by now, or deleted, because sign-ins are cached for a
    /// while.
    /// </summary>
    internal Account? Verified { get; init; }
}
