using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Push;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Deletes the data of users without an account. No row says that such a user exists, so the data is found by their principal, even when their
/// provider is no longer in the settings.
/// </summary>
public sealed class OpenIdData(IBucketIndex index, IBuckets buckets, AccountSecret secret, IPushStore? push = null)
{
    private readonly OwnedBuckets owned = new(index, buckets);

    /// <summary>Whether a principal can belong to a user without an account.</summary>
    public static bool IsPrincipal(string text) =>
        PrincipalText.IsPossible(text) && text.IndexOf(':', StringComparison.Ordinal) > 0 && !PrincipalText.IsAccount(text) && !PrincipalText.IsGroup(text) && !text.StartsWith("system.", StringComparison.Ordinal);

    /// <summary>Id of their personal bucket.</summary>
    public static string DefaultBucketOf(string principal, AccountSecret secret) => OpenIdUsers.DefaultBucketOf(principal, secret);

    /// <summary>Deletes all their buckets, and their push subscriptions. They can sign in and make new ones as long as their provider lets them in.</summary>
    /// <exception cref="StoreUnavailableException">Not finished; it can be repeated.</exception>
    public async ValueTask DeleteAsync(string principal)
    {
        await owned.DeleteAsync(principal, OpenIdUsers.DefaultBucketOf(principal, secret), static () => ValueTask.FromResult(true));
        if (push is not null)
        {
            await push.RemoveAllAsync(principal, CancellationToken.None);
        }
    }
}
