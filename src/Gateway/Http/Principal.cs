using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;

namespace Lockstep.Gateway.Http;

/// <summary>Who signed in.</summary>
/// <param name="Id">With its scheme: <c>account:alice</c>.</param>
/// <param name="Account">The account's name.</param>
/// <param name="DefaultBucket">Id of the bucket that is theirs alone.</param>
public sealed record Principal(string Id, string Account, string DefaultBucket)
{
    /// <summary>The account with which they signed in; the default where that is no local account.</summary>
    public AccountRef Ref => Verified?.Ref ?? default;

    /// <summary>
    /// The local account as it was when the password was verified. It can be another by now, or gone: a sign-in is remembered for a
    /// while.
    /// </summary>
    internal Account? Verified { get; init; }
}
