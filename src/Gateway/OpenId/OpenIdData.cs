using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// What somebody without an account has stored. There is no row that says they exist, so that it is deleted by their principal, also when their
/// provider is no longer in the settings.
/// </summary>
public sealed class OpenIdData(IBucketIndex index, IBuckets buckets, AccountSecret secret)
{
    private readonly OwnedBuckets owned = new(index, buckets);

    /// <summary>Whether that can be somebody without an account.</summary>
    public static bool IsPrincipal(string text) =>
        PrincipalText.IsPossible(text) && text.IndexOf(':', StringComparison.Ordinal) > 0 && !PrincipalText.IsAccount(text) && !PrincipalText.IsGroup(text) && !text.StartsWith("system.", StringComparison.Ordinal);

    /// <summary>Id of the bucket that is theirs alone.</summary>
    public static string DefaultBucketOf(string principal, AccountSecret secret) => OpenIdUsers.DefaultBucketOf(principal, secret);

    /// <summary>Deletes all buckets of theirs. They can sign in and make others for as long as their provider lets them in.</summary>
    /// <exception cref="StoreUnavailableException">Not finished; it can be begun again.</exception>
    public ValueTask DeleteAsync(string principal) =>
        owned.DeleteAsync(principal, OpenIdUsers.DefaultBucketOf(principal, secret), static () => ValueTask.FromResult(true));
}
