using System.Security.Cryptography;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>What an operator gives to somebody who forgot their password: a link that is good for an hour, once.</summary>
public static class ResetLink
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <param name="store">Gets its digest.</param>
    /// <param name="account">Whose password it sets.</param>
    /// <param name="skipsSecondFactor">Whether a code of the second factor is not needed: the operator knows whom they give it to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Path and fragment below the server's URL, with the secret; null when the account has changed meanwhile.</returns>
    public static async ValueTask<string?> MakeAsync(
        IKeyedAccountStore store, KeyedAccount account, bool skipsSecondFactor, TimeProvider time, CancellationToken cancellationToken)
    {
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSecret.Bytes));
        var now = ServerTimestamp.Now(time);
        var token = new AccountToken(TokenSecret.DigestOf(code), AccountTokenKind.ResetLink, account.Account.Number)
        {
            Data = new ResetData(KeepsData: false, skipsSecondFactor).Write(),
            Created = now,
            Expires = now.Plus((long)Lifetime.TotalMilliseconds),
            Used = now,
        };
        return await store.AddTokensAsync(account, [token], inPlaceOf: null, cancellationToken) ? $"/reset_password#link={code}" : null;
    }
}
