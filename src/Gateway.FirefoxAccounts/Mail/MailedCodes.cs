using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.FirefoxAccounts.Mail;

/// <summary>
/// Mailed codes of eight digits. Only a MAC under the server's own key is stored, since eight digits can be guessed from a digest. Several codes are valid at
/// once, since anybody can ask for another one, and mails come late. Each can be tried five times from where it was asked for, and five times from elsewhere,
/// so that nobody uses up the tries of others.
/// </summary>
internal sealed class MailedCodes(IKeyedAccountStore store, AccountKey key, SessionTokens tokens, PasswordChecks passwords, Mailer mailer, HttpOptions http, TimeProvider time)
{
    private const int Digits = 8;
    private const int MaxTries = 5;
    private const int MaxPerAsker = 3;
    private static readonly TimeSpan VerificationLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan ResetLifetime = TimeSpan.FromMinutes(10);

    /// <summary>Mails a code that shows that an address is theirs. Does nothing if it was asked for too often.</summary>
    /// <returns>Why it was not mailed; null if it was.</returns>
    public async ValueTask<AccountError?> SendVerificationAsync(KeyedAccount account, string session, CancellationToken cancellationToken)
    {
        var (text, error) = await MakeAsync(account, AccountTokenKind.VerifyCode, VerificationLifetime, session, asker: "", MailText.Verification, cancellationToken);
        if (text is not null)
        {
            mailer.TrySend(account.Email, text);
        }

        return error;
    }

    /// <summary>
    /// Mails a code for setting a new password, if the account exists and a code was not asked for too often. Everything happens after the answer.
    /// </summary>
    /// <param name="name">The address in lower case.</param>
    /// <param name="asker">Where the request comes from.</param>
    public void SendReset(string name, string asker) => mailer.TrySend(async stopping =>
        await store.FindAsync(name, stopping) is { Account.IsDisabled: false } account
        && (await MakeAsync(account, AccountTokenKind.ResetCode, ResetLifetime, session: null, asker, MailText.Reset, stopping)).Text is { } text
            ? (account.Email, text)
            : null);

    /// <summary>Takes a code. A right one works once.</summary>
    /// <param name="account">The account of the code.</param>
    /// <param name="kind">The purpose of the code.</param>
    /// <param name="asker">Where the try comes from; empty if only the receiver can ask for a code.</param>
    /// <param name="code">As it was typed.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<bool> TakeAsync(KeyedAccount account, AccountTokenKind kind, string asker, string code, CancellationToken cancellationToken)
    {
        var who = DigestOf(account, asker);
        var open = (await store.ListTokensAsync(account.Account.Number, [kind], ServerTimestamp.Now(time), cancellationToken))
            .Select(static token => (Token: token, Tries: CodeTries.Read(token.Data)))
            .Where(one => one.Tries.Of(who) < MaxTries).ToList();
        if (open.Count == 0)
        {
            // As much work as for a wrong code, so that nobody learns whether there is a code.
            await store.ChangeTokensAsync(NoChange(kind), cancellationToken);
            return false;
        }

        // Counted before the comparison: so of many tries at once, no more are compared than are allowed.
        if (!await store.ChangeTokensAsync([.. open.Select(one => (one.Token, one.Tries.Counted(who).Write()))], cancellationToken))
        {
            return false;
        }

        var mac = Mac(kind, account, code);
        var right = open.Where(one => CryptographicOperations.FixedTimeEquals(mac, Convert.FromHexString(one.Tries.Mac))).Select(static one => one.Token.Digest).FirstOrDefault();
        return right is not null && await store.RemoveTokenAsync(account.Account.Number, right, cancellationToken);
    }

    /// <summary>Does as much work as <see cref="TakeAsync"/> does for a wrong code.</summary>
    public async ValueTask TakeNothingAsync(CancellationToken cancellationToken)
    {
        await store.ListTokensAsync(account: 0, [AccountTokenKind.ResetCode], ServerTimestamp.Now(time), cancellationToken);
        await store.ChangeTokensAsync(NoChange(AccountTokenKind.ResetCode), cancellationToken);
    }

    /// <returns>The mail; null and the error if it was asked for too often.</returns>
    private async ValueTask<(MailText? Text, AccountError? Error)> MakeAsync(
        KeyedAccount account, AccountTokenKind kind, TimeSpan lifetime, string? session, string asker, Func<string, string, MailText> write, CancellationToken cancellationToken)
    {
        MailText? text = null;
        var error = await passwords.MailAsync($"{kind} {account.Uid}", asker, async () =>
        {
            // Only codes of the same asker make room.
            var number = account.Account.Number;
            var who = DigestOf(account, asker);
            var before = (await store.ListTokensAsync(number, [kind], ServerTimestamp.Now(time), cancellationToken))
                .Where(token => string.Equals(CodeTries.Read(token.Data).Asker, who, StringComparison.Ordinal)).ToList();
            foreach (var old in before.SkipLast(MaxPerAsker - 1))
            {
                await store.RemoveTokenAsync(number, old.Digest, cancellationToken);
            }

            var code = RandomNumberGenerator.GetInt32(100_000_000).ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0');
            var digest = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSecret.Bytes));
            var data = new CodeTries(Convert.ToHexStringLower(Mac(kind, account, code)), who, 0, 0).Write();
            await store.AddTokensAsync(account, [tokens.Plain(kind, digest, number, lifetime, session, data)], inPlaceOf: null, cancellationToken);
            text = write(http.PublicUrl?.TrimEnd('/') ?? "this server", code);
        });
        return (text, error);
    }

    private static IReadOnlyList<(AccountToken Read, string Data)> NoChange(AccountTokenKind kind) =>
    [
        (new AccountToken(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSecret.Bytes)), kind, 0) { Created = ServerTimestamp.Zero, Expires = ServerTimestamp.Zero, Used = ServerTimestamp.Zero }, ""),
    ];

    private byte[] Mac(AccountTokenKind kind, KeyedAccount account, string code) => key.Mac("mailed code", $"{kind} {account.Uid} {code}");

    /// <summary>A digest of the asker, so that the database contains no addresses.</summary>
    private string DigestOf(KeyedAccount account, string asker) => Convert.ToHexStringLower(key.Mac("asker of a code", $"{account.Uid} {asker}"));

    /// <param name="Mac">The MAC of the code, hex.</param>
    /// <param name="Asker">Digest of where it was asked for.</param>
    /// <param name="Own">Tries from there.</param>
    /// <param name="Others">Tries from elsewhere.</param>
    private sealed record CodeTries(string Mac, string? Asker, int Own, int Others)
    {
        public static CodeTries Read(string text) => JsonSerializer.Deserialize<CodeTries>(text) ?? throw new InvalidDataException("A code has no data.");

        public string Write() => JsonSerializer.Serialize(this);

        public int Of(string asker) => IsOf(asker) ? Own : Others;

        public CodeTries Counted(string asker) => IsOf(asker) ? this with { Own = Own + 1 } : this with { Others = Others + 1 };

        private bool IsOf(string asker) => string.Equals(Asker, asker, StringComparison.Ordinal);
    }
}
