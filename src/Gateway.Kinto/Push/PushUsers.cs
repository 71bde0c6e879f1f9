using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Users who have subscriptions, and who do not sign in when a notice is sent.</summary>
internal sealed class PushUsers(AccountDirectory accounts, AccountSecret secret)
{
    /// <returns>The name under which a user's subscriptions are stored; null for one whose account's number is not known.</returns>
    public static string? OwnerOf(Principal principal) => new PrincipalSet(principal.Id) { Account = principal.Ref }.Stored;

    /// <returns>The user; null when the account is gone or being deleted, and also while it is disabled, when its subscriptions stay.</returns>
    public async ValueTask<(Principal? User, bool IsDisabled)> FindAsync(string owner, CancellationToken cancellationToken)
    {
        if (!PrincipalText.IsAccount(owner))
        {
            return (new Principal(owner, owner, OpenIdData.DefaultBucketOf(owner, secret)), false);
        }

        var id = PrincipalText.Public(owner);
        return await accounts.FindByNameAsync(id[AccountDirectory.PrincipalId("").Length..], cancellationToken) is { } account
            && string.Equals(PrincipalText.OfAccount(id, account.Number), owner, StringComparison.Ordinal)
            ? (account.IsDisabled ? null : accounts.DelegateOf(account), account.IsDisabled)
            : default;
    }
}
