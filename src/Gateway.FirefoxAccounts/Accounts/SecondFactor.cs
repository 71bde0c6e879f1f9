using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using OtpNet;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>
/// Codes of an app (RFC 6238), and recovery codes for when the app is lost. Each code works once. Tries are counted for the account alone, since only somebody
/// with the password can make them.
/// </summary>
internal sealed class SecondFactor(IKeyedAccountStore store, AccountKey key, PasswordChecks passwords, TimeProvider time)
{
    private const int SecretBytes = 20;
    private const int CodeCount = 8;
    private const int CodeLength = 10;
    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>A new secret, as it is stored and as people type it.</summary>
    public (string Sealed, string Base32) NewSecret(string uid)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        return (key.Seal(Purpose(uid), secret), Base32Encoding.ToString(secret));
    }

    /// <summary>New recovery codes, as people are given them and as they are stored.</summary>
    public (IReadOnlyList<string> Codes, string Stored) NewCodes(string uid)
    {
        var codes = Enumerable.Range(0, CodeCount).Select(static _ => RandomNumberGenerator.GetString(Letters, CodeLength)).ToList();
        return (codes, string.Join(' ', codes.Select(code => DigestOf(uid, code))));
    }

    /// <summary>Takes a code of the app, and changes the account with it.</summary>
    /// <param name="account">As it was read.</param>
    /// <param name="code">As it was typed.</param>
    /// <param name="change">Makes further changes to the account.</param>
    /// <param name="sweep">Ends tokens with the change.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account as it is now, or the error.</returns>
    public ValueTask<(KeyedAccount? Account, AccountError? Error)> TakeTotpAsync(
        KeyedAccount account, string code, Func<KeyedAccount, KeyedAccount> change, AccountSweep sweep, CancellationToken cancellationToken) =>
        TakeAsync(account, Judge(account, code), AccountError.WrongTotp, change, sweep, cancellationToken);

    /// <summary>Like <see cref="TakeTotpAsync"/>, for a recovery code.</summary>
    public ValueTask<(KeyedAccount? Account, AccountError? Error)> TakeRecoveryCodeAsync(
        KeyedAccount account, string code, Func<KeyedAccount, KeyedAccount> change, AccountSweep sweep, CancellationToken cancellationToken)
    {
        var digest = DigestOf(account.Uid, code.Trim().ToLowerInvariant());
        var stored = account.RecoveryCodes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var left = stored.Where(one => !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(one), Encoding.ASCII.GetBytes(digest))).ToList();
        return TakeAsync(
            account, left.Count == stored.Length ? null : account with { RecoveryCodes = string.Join(' ', left) }, AccountError.WrongRecoveryCode, change, sweep, cancellationToken);
    }

    private async ValueTask<(KeyedAccount? Account, AccountError? Error)> TakeAsync(
        KeyedAccount account, KeyedAccount? taken, AccountError wrong, Func<KeyedAccount, KeyedAccount> change, AccountSweep sweep, CancellationToken cancellationToken)
    {
        KeyedAccount? changed = null;
        var error = await passwords.GuessAsync($"factor {account.Uid}", $"factor {account.Uid}", async () =>
        {
            changed = taken is null ? null : await store.ChangeAsync(account, change(taken), sweep, cancellationToken);
            return changed is null ? (SignInVerdict.Wrong, wrong) : (SignInVerdict.Right, null);
        });
        return (changed, error);
    }

    /// <returns>Null if the code is wrong, or was taken before.</returns>
    private KeyedAccount? Judge(KeyedAccount account, string code)
    {
        if (key.Open(Purpose(account.Uid), account.TotpSecret) is not { } secret)
        {
            return null;
        }

        var isRight = new Totp(secret).VerifyTotp(time.GetUtcNow().UtcDateTime, code, out var step, new VerificationWindow(previous: 1, future: 1));
        return isRight && step > account.TotpStep ? account with { TotpStep = step } : null;
    }

    private string DigestOf(string uid, string code) => Convert.ToHexStringLower(key.Mac("recovery code", $"{uid} {code}"));

    private static string Purpose(string uid) => "second factor of " + uid;
}
