using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>
/// The one way to Argon2id. Each hash takes memory and a core: how many are made at a time follows from both, who waits is served fairly by address, and whoever has
/// been wrong too often is refused before anything is hashed. An account that is not there, or is disabled, costs as much as one that is.
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
    /// <param name="throttle">Counts.</param>
    /// <param name="options">Checked settings.</param>
    /// <param name="accounts">Those of all accounts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stretch">How a password is compared with what is stored: <see cref="StretchedPassword.Of(ReadOnlySpan{byte}, string)"/> unless a test counts.</param>
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

    /// <returns>Hashes at a time, so that their memory stays within what they may take, and half the processors are left for others.</returns>
    public static int PlacesFor(FirefoxAccountOptions options, int processors) =>
        (int)Math.Clamp(options.MaxHashBytes / options.HashMemoryBytes, 1, Math.Max(1, processors / 2));

    /// <param name="email">As it was typed.</param>
    /// <param name="authPw">What the client made of the password.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Account and what follows from the password; or why not.</returns>
    public async ValueTask<(KeyedAccount? Account, StretchedPassword? Password, AccountError? Error)> VerifyAsync(
        string email, byte[] authPw, string address, CancellationToken cancellationToken)
    {
        // Held once the seat is free again.
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

    /// <summary>Of a new password. Waits behind all sign-ins.</summary>
    /// <param name="authPw">What the client made of it.</param>
    /// <param name="who">Whose turn it takes: the account, or the address.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when too many wait, or it waited too long.</returns>
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

    /// <summary>Does what may be tried only so often.</summary>
    /// <param name="what">What is tried: an account's name, or another text that no account has.</param>
    /// <param name="address">Where it comes from, or another text where it is counted for the account alone.</param>
    /// <param name="run">How it ended.</param>
    /// <returns>What was answered; or that there were too many before.</returns>
    public ValueTask<AccountError?> TryAsync(string what, string address, Func<Task<(SignInVerdict Verdict, AccountError? Error)>> run) =>
        HeldAsync(TryAsync(new SignInTry(Guid.NewGuid(), what, address), run));

    /// <summary>As <see cref="TryAsync(string, string, Func{Task{ValueTuple{SignInVerdict, AccountError}}})"/>, for codes that are short enough to be guessed: counted for a day as well, in which a right one forgives nothing.</summary>
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

    /// <summary>Looks up what could tell which accounts are there.</summary>
    /// <param name="address">Where the question comes from.</param>
    /// <param name="run">Looks it up.</param>
    /// <returns>Null when it was done; else that there were too many before.</returns>
    public ValueTask<AccountError?> LookUpAsync(string address, Func<Task> run) =>
        CountAsync(new SignInTry(Guid.NewGuid(), "lookups", "lookups " + address) { Limits = lookups }, run);

    /// <summary>
    /// Makes a mail that somebody asks for who need not be its receiver. Counted for a day: by who asks, so that nobody keeps others' from being sent, and ten times as many whoever asks, so that no mailbox is
    /// filled.
    /// </summary>
    /// <param name="mail">What kind of mail, and whose.</param>
    /// <param name="asker">Who asks; empty where only the receiver can.</param>
    /// <param name="run">Makes it.</param>
    /// <returns>Null when it was done; else that there were too many before.</returns>
    public ValueTask<AccountError?> MailAsync(string mail, string asker, Func<Task> run) =>
        CountAsync(new SignInTry(Guid.NewGuid(), "for " + asker, "mails " + mail) { Limits = mails }, run);

    /// <summary>Does what counts however it ends.</summary>
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

    /// <summary>Whoever was refused unheard hears so a moment later.</summary>
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

    /// <summary>In a turn of its own, the decoy too: whoever waits for that on a thread that serves requests keeps the thread from its library, which needs one.</summary>
    private Compared Compare(KeyedAccount? account, byte[] authPw)
    {
        var stored = account?.Account.PasswordHash ?? decoy.Value;
        var password = stretch(authPw, stored) ?? throw new InvalidDataException("An account's hash is of no kind that is known.");
        return new Compared(password, password.Is(stored) && account is not null);
    }

    private sealed record Compared(StretchedPassword Password, bool IsRight);
}
