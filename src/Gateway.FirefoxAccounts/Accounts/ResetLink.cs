using System.Security.Cryptography;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>A link that an operator gives to somebody who forgot their password. It works once, for an hour.</summary>
public static class ResetLink
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <param name="store">Stores the link's digest.</param>
    /// <param name="account">The account whose password it sets.</param>
    /// <param name="skipsSecondFactor">Whether no code of the second factor is needed, since the operator knows whom they give the link to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Path and fragment below the server's URL, with the secret; null if the account has changed meanwhile.</returns>
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
