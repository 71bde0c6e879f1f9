using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>
/// The only way to Argon2id. Each hash takes memory and a core, so both limit how many run at a time. Waiting addresses are served fairly, and clients with too
/// many failures are refused before anything is hashed. An account that is missing or disabled costs as much as any other.
/// </summary>
internal sealed class PasswordChecks
{
    private readonly IKeyedAccountStore store;
    private readonly ISignInThrottle throttle;
    private readonly FirefoxAccountOptions options;
    private readonly AccountOptions accounts;
    private readonly HashQueue hashes;
    private readonly Lazy<string> decoy;
    private readonly SignInLimits lookups;
    private readonly SignInLimits day;
    private readonly SignInLimits mails;
    private readonly Func<byte[], string, StretchedPassword?> stretch;

    /// <param name="store">Has the accounts.</param>
    /// <param name="throttle">Counts failures.</param>
    /// <param name="options">Checked settings.</param>
    /// <param name="accounts">Settings for all accounts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stretch">Stretches a password for comparison: <see cref="StretchedPassword.Of(ReadOnlySpan{byte}, string)"/> unless a test counts.</param>
    public PasswordChecks(
        IKeyedAccountStore store, ISignInThrottle throttle, FirefoxAccountOptions options, AccountOptions accounts, TimeProvider time, Func<byte[], string, StretchedPassword?>? stretch = null)
    {
        (this.store, this.throttle, this.options, this.accounts) = (store, throttle, options, accounts);
        this.stretch = stretch ?? (static (authPw, stored) => StretchedPassword.Of(authPw, stored));
        lookups = new SignInLimits(options.MaxLookups, options.MaxLookups, accounts.FailureWindow);
        day = new SignInLimits(options.MaxGuessesPerDay, 10 * options.MaxGuessesPerDay, SignInLimits.MaxOwnWindow);
        mails = new SignInLimits(options.MaxMailsPerDay, 10 * options.MaxMailsPerDay, SignInLimits.MaxOwnWindow);
        hashes = new HashQueue(PlacesFor(options, Environment.ProcessorCount), accounts.FailureWindow, time) { StartsTasks = true };
        decoy = new Lazy<string>(() => StretchedPassword.Of(new byte[TokenSecret.Bytes], options.HashMemoryBytes >> 10, options.HashIterations).Hash);
    }

    /// <returns>How many hashes may run at a time: their memory stays within its limit, and half the processors are left for other work.</returns>
    public static int PlacesFor(FirefoxAccountOptions options, int processors) =>
        (int)Math.Clamp(options.MaxHashBytes / options.HashMemoryBytes, 1, Math.Max(1, processors / 2));

    /// <param name="email">As it was typed.</param>
    /// <param name="authPw">Derived from the password by the client.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account and its stretched password, or the error.</returns>
    public async ValueTask<(KeyedAccount? Account, StretchedPassword? Password, AccountError? Error)> VerifyAsync(
        string email, byte[] authPw, string address, CancellationToken cancellationToken)
    {
        // A refusal is held only once the seat is free again.
        var verified = await VerifyInSeatAsync(email, authPw, address, cancellationToken);
        await HoldAsync(verified.Error, cancellationToken);
        return verified;
    }

    private async ValueTask<(KeyedAccount? Account, StretchedPassword? Password, AccountError? Error)> VerifyInSeatAsync(
        string email, byte[] authPw, string address, CancellationToken cancellationToken)
    {
        using var seat = hashes.TrySignIn(address);
        if (seat is null)
        {
            return (null, null, AccountError.NotNow);
        }

        var name = AccountName.Of(email);
        var account = await store.FindAsync(name, cancellationToken);
        if (account is not null && (account.Account.IsDisabled || !StretchedPassword.IsOne(account.Account.PasswordHash)))
        {
            account = null;
        }

        StretchedPassword? password = null;
        var error = await TryAsync(new SignInTry(Guid.NewGuid(), name, address), async () =>
        {
            var made = await seat.HashAsync(() => Compare(account, authPw), cancellationToken);
            if (made is null)
            {
                return (SignInVerdict.Undecided, AccountError.NotNow);
            }

            (password, var isRight) = made;
            seat.Ended(isRight);
            return isRight ? (SignInVerdict.Right, null) : (SignInVerdict.Wrong, Wrong(account, email));
        });
        return error is null ? (account, password, null) : (null, null, error);
    }

    /// <summary>Stretches a new password. Waits behind all sign-ins.</summary>
    /// <param name="authPw">Derived from the password by the client.</param>
    /// <param name="who">Whose turn it takes: the account's, or the address's.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null if too many wait, or it waited too long.</returns>
    public async ValueTask<StretchedPassword?> StretchAsync(byte[] authPw, string who, CancellationToken cancellationToken)
    {
        using var seat = hashes.TryChange(who);
        if (seat is null)
        {
            await Tarpit.HoldAsync(accounts, cancellationToken);
            return null;
        }

        return await seat.HashAsync(() => StretchedPassword.Of(authPw, options.HashMemoryBytes >> 10, options.HashIterations), cancellationToken);
    }

    /// <summary>Runs a try of which only so many may fail.</summary>
    /// <param name="what">What is tried: an account's name, or another text that no account has.</param>
    /// <param name="address">Where the try comes from, or another text if it counts for the account alone.</param>
    /// <param name="run">Makes the try. Its verdict is counted.</param>
    /// <returns>The error of the try, or that there were too many before; null for none.</returns>
    public ValueTask<AccountError?> TryAsync(string what, string address, Func<Task<(SignInVerdict Verdict, AccountError? Error)>> run) =>
        HeldAsync(TryAsync(new SignInTry(Guid.NewGuid(), what, address), run));

    /// <summary>
    /// Like <see cref="TryAsync(string, string, Func{Task{ValueTuple{SignInVerdict, AccountError}}})"/>, for codes that are short enough to guess.
    /// Failures also count for a day, and a right code does not make up for them.
    /// </summary>
    public ValueTask<AccountError?> GuessAsync(string what, string address, Func<Task<(SignInVerdict Verdict, AccountError? Error)>> run) => HeldAsync(TryAsync(
        new SignInTry(Guid.NewGuid(), "day " + what, "day " + address) { Limits = day },
        async () =>
        {
            var verdict = SignInVerdict.Undecided;
            var error = await TryAsync(new SignInTry(Guid.NewGuid(), what, address), async () =>
            {
                (verdict, var answer) = await run();
                return (verdict, answer);
            });
            return (verdict == SignInVerdict.Wrong ? verdict : SignInVerdict.Undecided, error);
        }));

    /// <summary>Looks up something that could tell which accounts exist.</summary>
    /// <param name="address">Where the question comes from.</param>
    /// <param name="run">Looks it up.</param>
    /// <returns>Null if it was done; otherwise that there were too many before.</returns>
    public ValueTask<AccountError?> LookUpAsync(string address, Func<Task> run) =>
        CountAsync(new SignInTry(Guid.NewGuid(), "lookups", "lookups " + address) { Limits = lookups }, run);

    /// <summary>
    /// Makes a mail that somebody other than its receiver may ask for. Mails are counted for a day: for each asker, so that nobody keeps the mails of others from being
    /// sent, and ten times as many for all askers, so that no mailbox is filled.
    /// </summary>
    /// <param name="mail">The kind of mail, and its receiver.</param>
    /// <param name="asker">Who asks; empty if only the receiver can.</param>
    /// <param name="run">Makes it.</param>
    /// <returns>Null if it was done; otherwise that there were too many before.</returns>
    public ValueTask<AccountError?> MailAsync(string mail, string asker, Func<Task> run) =>
        CountAsync(new SignInTry(Guid.NewGuid(), "for " + asker, "mails " + mail) { Limits = mails }, run);

    /// <summary>Runs something that counts however it ends.</summary>
    private ValueTask<AccountError?> CountAsync(SignInTry attempt, Func<Task> run) => HeldAsync(TryAsync(attempt, async () =>
    {
        await run();
        return (SignInVerdict.Wrong, null);
    }));

    private async ValueTask<AccountError?> HeldAsync(ValueTask<AccountError?> trying)
    {
        var error = await trying;
        await HoldAsync(error, CancellationToken.None);
        return error;
    }

    /// <summary>Delays the refusal of a request that was not tried.</summary>
    private Task HoldAsync(AccountError? error, CancellationToken cancellationToken) =>
        error is { Code: 429 or 503 } ? Tarpit.HoldAsync(accounts, cancellationToken) : Task.CompletedTask;

    private async ValueTask<AccountError?> TryAsync(SignInTry attempt, Func<Task<(SignInVerdict Verdict, AccountError? Error)>> run)
    {
        var permit = await throttle.BeginAsync(attempt, CancellationToken.None);
        if (!permit.IsGranted)
        {
            return permit.IsBusy ? AccountError.NotNow : AccountError.TooMany(permit.Wait);
        }

        var verdict = SignInVerdict.Undecided;
        try
        {
            (verdict, var error) = await run();
            return error;
        }
        finally
        {
            await throttle.EndAsync(attempt, verdict);
        }
    }

    private AccountError Wrong(KeyedAccount? account, string email) =>
        !options.OldStretch ? AccountError.WrongPassword
        : account is null ? AccountError.Unknown
        : account.ClientSalt.Length == 0 && !string.Equals(account.Email, email, StringComparison.Ordinal) ? new AccountError(400, 120, "Incorrect address case") { Email = account.Email }
        : AccountError.WrongPassword;

    /// <summary>
    /// Runs in a turn of the queue, and so does the making of the decoy. Requests that waited for the decoy on the pool's threads would keep them from the
    /// library of Argon2id, which needs one.
    /// </summary>
    private Compared Compare(KeyedAccount? account, byte[] authPw)
    {
        var stored = account?.Account.PasswordHash ?? decoy.Value;
        var password = stretch(authPw, stored) ?? throw new InvalidDataException("An account's hash is of no kind that is known.");
        return new Compared(password, password.Is(stored) && account is not null);
    }

    private sealed record Compared(StretchedPassword Password, bool IsRight);
}
