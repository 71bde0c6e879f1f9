using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Lists;
using Lockstep.Core.Logins;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Push;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Accounts;

/// <summary>Local accounts: sign-in with Basic, creation, changes and deletion.</summary>
public sealed class AccountDirectory(
    IAccountStore accounts,
    IBucketIndex index,
    IBuckets buckets,
    ISignInThrottle throttle,
    AccountSecret secret,
    AccountOptions options,
    GatewayMetrics metrics,
    TimeProvider time,
    IKeyedAccountStore? keyed = null,
    IAssignmentStore? assignments = null,
    ILoginStore? logins = null,
    IPushStore? push = null)
{
    private const int MaxNameLength = 255;
    private const int MaxPasswordBytes = 1024;
    private const string Scheme = "account:";

    // Noting the last use more often than this is not worth a write.
    private const long UseNotedMilliseconds = 3_600_000;

    private readonly string[] administrators = options.Administrators.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    private readonly OwnedBuckets owned = new(index, buckets);
    private readonly AccountData data = new(accounts, buckets, time, keyed, assignments, logins);
    private readonly HashQueue hashes = new(Math.Max(1, Environment.ProcessorCount / 2), options.FailureWindow, time);
    private PasswordSignIn? passwords;

    private PasswordSignIn Passwords => passwords ?? LazyInitializer.EnsureInitialized(ref passwords, () => SignInFor(new OwnPasswords(this)));

    /// <summary>Kinto: <c>^[a-zA-Z0-9][+.@a-zA-Z0-9_-]*$</c>.</summary>
    public static bool IsValidName(string name) =>
        name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '.' or '@' or '_' or '-');

    /// <returns>The reason why the password is refused; null when it is accepted.</returns>
    public string? Refuse(string password) =>
        password.Length < options.MinPasswordLength ? $"A password has at least {options.MinPasswordLength} characters."
        : Encoding.UTF8.GetByteCount(password) > MaxPasswordBytes ? $"A password has at most {MaxPasswordBytes} bytes."
        : null;

    /// <param name="request">With or without an <c>Authorization</c> header.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        if (request.Authorization is not { Length: > 0 } header)
        {
            return new ValueTask<SignIn>(SignIn.Anonymous);
        }

        // Nearly all headers are remembered. One with a password that the server has made never is.
        if (Passwords.Remembered(request) is { } remembered)
        {
            return new ValueTask<SignIn>(remembered);
        }

        return keyed is not null && PasswordSignIn.Read(header) is var (name, password) && AppPassword.IsOne(password)
            ? AppSignInAsync(keyed, name, password, cancellationToken)
            : Passwords.SignInAsync(request, cancellationToken);
    }

    /// <summary>Sign-in by other names and passwords. Their hashes wait in the same queue, and their failures are counted with these.</summary>
    public PasswordSignIn SignInFor(IPasswordSource source) => new(source, hashes, throttle, options, metrics, time);

    /// <summary>For operators, whose hash does not wait in the queue.</summary>
    /// <returns>The account; null when the name is taken.</returns>
    public ValueTask<Account?> AddAsync(string name, string password, CancellationToken cancellationToken) =>
        AddHashedAsync(name, PasswordHash.Create(password, options.PasswordIterations), cancellationToken);

    /// <returns>The account; null when the name is taken.</returns>
    public async ValueTask<Account?> AddHashedAsync(string name, string passwordHash, CancellationToken cancellationToken) =>
        Added(name, await accounts.AddAsync(name, passwordHash, ServerTimestamp.Now(time), cancellationToken));

    /// <summary>As <see cref="AddHashedAsync"/>, with an invitation, which is spent.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="passwordHash">Its hash.</param>
    /// <param name="invitation">Digest of the invitation.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account; null when the name is taken, or the invitation does not admit it any more.</returns>
    public async ValueTask<Account?> AddInvitedAsync(string name, string passwordHash, string invitation, CancellationToken cancellationToken) =>
        Added(name, await accounts.AddInvitedAsync(name, passwordHash, invitation, ServerTimestamp.Now(time), cancellationToken));

    /// <summary>
    /// For operators, whose hash does not wait in the queue. Sets the password of everything that the account's user signs in with: of the login for one protocol, if it
    /// has one, and the account's own, if it has one or has no login. The former passwords no longer work.
    /// </summary>
    public async ValueTask<PasswordChange> ChangePasswordAsync(string name, string password, CancellationToken cancellationToken)
    {
        if (await accounts.FindAsync(name, cancellationToken) is not { IsBeingDeleted: false } account)
        {
            return PasswordChange.NoAccount;
        }

        var hasLogin = false;
        while (logins is not null && await logins.FindByNumberAsync(account.Number, cancellationToken) is { Account.IsBeingDeleted: false } login)
        {
            if (login.IsPending)
            {
                return PasswordChange.Importing;
            }

            // A mailed code would be another way in.
            var next = login with { PasswordHash = PasswordHash.Create(password, options.PasswordIterations), ResetDigest = null, ResetExpires = ServerTimestamp.Zero };
            if (await logins.ChangeAsync(login, next, cancellationToken) is not null)
            {
                hasLogin = true;
                break;
            }
        }

        if (account.PasswordHash == AccountLogin.Pending)
        {
            return PasswordChange.Importing;
        }

        return (hasLogin && !AccountPassword.IsOne(account.PasswordHash))
            || await ChangeAsync(name, expected: null, PasswordHash.Create(password, options.PasswordIterations), cancellationToken) is not null
            ? PasswordChange.Done
            : PasswordChange.NoAccount;
    }

    /// <summary>Gives an account another hash, or the same hash and a new stamp, if the account is still as it was read.</summary>
    /// <returns>The account after the change; null when it had changed by then, or is gone.</returns>
    public ValueTask<Account?> ChangeAsync(Account read, string passwordHash, CancellationToken cancellationToken) =>
        ChangeAsync(read.Name, read, passwordHash, cancellationToken);

    /// <summary>The text to store for a password. Its hash waits behind all sign-ins.</summary>
    /// <param name="who">In whose turn it waits: the user, or the address where nobody has signed in.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when too many wait, or it waited too long.</returns>
    public async ValueTask<string?> HashAsync(string who, string password, CancellationToken cancellationToken)
    {
        using var seat = hashes.TryChange(who);
        if (seat is null)
        {
            await Tarpit.HoldAsync(options, cancellationToken);
            return null;
        }

        return await seat.HashAsync(() => PasswordHash.Create(password, options.PasswordIterations), cancellationToken);
    }

    /// <summary>
    /// Disables an account: nobody signs in to it any more, and what is still written in its name by whoever signed in before is refused. Its data stays, and others may go
    /// on reading what it shares. Can be repeated.
    /// </summary>
    /// <param name="read">The account as it was read.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account as it is now, which somebody else may have enabled meanwhile; null when it is gone or being deleted.</returns>
    /// <exception cref="StoreUnavailableException">
    /// If the account is disabled, a database did not answer: there, whoever signed in before may write until <see cref="AccountOptions.CacheTime"/> is over.
    /// </exception>
    public async ValueTask<Account?> DisableAsync(Account read, CancellationToken cancellationToken)
    {
        // First nobody gets in; then those who are in stop, even if who asked for it no longer waits.
        var account = await accounts.SetDisabledAsync(read.Number, isDisabled: true, ServerTimestamp.Now(time), cancellationToken);
        Passwords.Invalidate(read.Name);
        return account is null ? null : await MarkAsync(account, CancellationToken.None);
    }

    /// <summary>Enables an account again. Its password, tokens and sessions are those that it had, as far as they have not expired. Can be repeated.</summary>
    /// <param name="read">The account as it was read.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account as it is now, which somebody else may have disabled meanwhile; null when it is gone or being deleted.</returns>
    /// <exception cref="StoreUnavailableException">A database did not answer; the account may still be disabled.</exception>
    public async ValueTask<Account?> EnableAsync(Account read, CancellationToken cancellationToken)
    {
        foreach (var number in await NumbersOfAsync(read.Number, cancellationToken))
        {
            await accounts.ResumeAsync(number, cancellationToken);
        }

        return await accounts.SetDisabledAsync(read.Number, isDisabled: false, ServerTimestamp.Now(time), cancellationToken) is { } account
            ? await MarkAsync(account, CancellationToken.None)
            : null;
    }

    /// <summary>The current state of the account that a user signed in with.</summary>
    /// <returns>
    /// Null when it is gone or disabled, another account has its name, or its password is not the verified one; in all cases the
    /// sign-in is forgotten too.
    /// </returns>
    public async ValueTask<Account?> FindOwnAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (principal.Verified is { } verified
            && await accounts.FindAsync(verified.Name, cancellationToken) is { IsBeingDeleted: false, IsDisabled: false } account && account.HasPasswordOf(verified))
        {
            return account;
        }

        Passwords.Invalidate(principal.Account);
        return null;
    }

    /// <summary>Whether a user administers all accounts. Requires the account's password: what was given to an application cannot change accounts.</summary>
    public bool IsAdministrator(Principal principal) => principal.Verified is { } account && (account.IsAdministrator || administrators.Contains(principal.Id, StringComparer.Ordinal));

    /// <summary>An account as an administrator sees it; null when there is none.</summary>
    public async ValueTask<Account?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        IsValidName(name) && await accounts.FindAsync(name, cancellationToken) is { IsBeingDeleted: false } account ? account : null;

    /// <summary>Accounts in name order, after a name, without those that are being deleted.</summary>
    public async ValueTask<(IReadOnlyList<Account> Accounts, string? Last)> ListAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var all = await accounts.ListAsync(after, limit, cancellationToken);
        return ([.. all.Where(static account => !account.IsBeingDeleted)], all.Count < limit ? null : all[^1].Name);
    }

    /// <summary>Whether the account that a user signed in with still exists, whatever its password.</summary>
    /// <returns>False also when it is disabled, or another account has its name; then the sign-in is forgotten.</returns>
    public async ValueTask<bool> ExistsAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (principal.Verified is not { } verified
            || (await accounts.FindAsync(verified.Name, cancellationToken) is { IsBeingDeleted: false, IsDisabled: false } account && account.Number == verified.Number))
        {
            return true;
        }

        Passwords.Invalidate(principal.Account);
        return false;
    }

    /// <summary>The stored form of those principals that are existing accounts.</summary>
    /// <param name="principals">In the form that clients use, such as <c>account:alice</c>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>By the form that clients use.</returns>
    public async ValueTask<IReadOnlyDictionary<string, string>> FindStoredAsync(IReadOnlyCollection<string> principals, CancellationToken cancellationToken)
    {
        var names = principals.Where(static principal => PrincipalText.IsAccount(principal)).Select(static principal => principal[Scheme.Length..]).Where(IsValidName).ToHashSet(StringComparer.Ordinal);
        return names.Count == 0
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : (await accounts.FindNumbersAsync(names, cancellationToken)).ToDictionary(
                static found => PrincipalId(found.Key), static found => PrincipalText.OfAccount(PrincipalId(found.Key), found.Value), StringComparer.Ordinal);
    }

    /// <summary>Forgets sign-ins with an account that an owner reported as closed.</summary>
    public void Forget(Caller caller)
    {
        if (caller.Principals.User is { } user && user.StartsWith(Scheme, StringComparison.Ordinal))
        {
            Passwords.Invalidate(user[Scheme.Length..]);
        }
    }

    /// <summary>Deletes the account and all its data. Can be repeated after an interruption.</summary>
    /// <returns>False when there is no such account.</returns>
    /// <exception cref="StoreUnavailableException">Not finished; the account can no longer sign in, and housekeeping goes on with it.</exception>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancellationToken) => DeleteAsync(name, expected: null, cancellationToken);

    /// <summary>As <see cref="DeleteAsync(string, CancellationToken)"/>, if the account is still as it was read.</summary>
    /// <returns>False when it had changed by then, or is gone; nothing was deleted.</returns>
    /// <exception cref="StoreUnavailableException">As above.</exception>
    public ValueTask<bool> DeleteAsync(Account read, CancellationToken cancellationToken) => DeleteAsync(read.Name, read, cancellationToken);

    /// <summary>
    /// Continues deletions that a stop or an unreachable database interrupted. Also removes some of the data that an earlier program left behind when it deleted accounts.
    /// </summary>
    /// <exception cref="StoreUnavailableException">A database is still unreachable. The deletions that can do without it are done.</exception>
    public async Task ResumeDeletionsAsync(CancellationToken cancellationToken)
    {
        StoreUnavailableException? away = null;
        foreach (var account in await accounts.ListBeingDeletedAsync(cancellationToken))
        {
            try
            {
                await FinishDeletionAsync(account);
            }
            catch (StoreUnavailableException e)
            {
                away = e;
            }
        }

        if (away is not null)
        {
            throw new StoreUnavailableException("The deletion of an account was not ended.", away);
        }
    }

    /// <summary>A user who acts for an account without having shown its password. They cannot change the account itself.</summary>
    public Principal DelegateOf(Account account) => PrincipalOf(account) with { Verified = null, Ref = account.Ref };

    public Principal PrincipalOf(Account account)
    {
        return new Principal(PrincipalId(account.Name), account.Name, DefaultBucketOf(account.Number, secret)) { Verified = account };
    }

    /// <summary>Id of an account's personal bucket.</summary>
    public static string DefaultBucketOf(long number, AccountSecret secret)
    {
        var text = Encoding.UTF8.GetBytes($"default bucket of account {number}");
        return new Guid(HMACSHA256.HashData(secret.Value.Span, text).AsSpan(0, 16)).ToString();
    }

    /// <summary>A text that differs for each password of an account, even for the same password set again. It reveals nothing about the password.</summary>
    public string PasswordMarkOf(Account account) =>
        Convert.ToBase64String(HMACSHA256.HashData(secret.Value.Span, Encoding.UTF8.GetBytes($"password of account {account.Number}: {account.PasswordHash}")));

    /// <summary>The mark of the password that a user signed in with; null for a user who came without one.</summary>
    public string? PasswordMarkOf(Principal principal) => principal.Verified is { } account ? PasswordMarkOf(account) : null;

    /// <summary>Forgets the sign-ins of a former account of that name, which another process may have deleted.</summary>
    private Account? Added(string name, Account? account)
    {
        if (account is not null)
        {
            Passwords.Invalidate(name);
        }

        return account;
    }

    /// <summary>The principal of an account with that name.</summary>
    public static string PrincipalId(string name) => Scheme + name;

    /// <summary>Stores another hash of the same password, so that nobody has to sign in again.</summary>
    private ValueTask<Account?> ReplaceAsync(Account read, string passwordHash) =>
        accounts.ChangePasswordAsync(read.Name, read, passwordHash, ServerTimestamp.Now(time), CancellationToken.None);

    private async ValueTask<Account?> ChangeAsync(string name, Account? expected, string passwordHash, CancellationToken cancellationToken)
    {
        var account = await accounts.ChangePasswordAsync(name, expected, passwordHash, ServerTimestamp.Now(time), cancellationToken);
        Passwords.Invalidate(name);
        return account;
    }

    private async ValueTask<bool> DeleteAsync(string name, Account? expected, CancellationToken cancellationToken)
    {
        if (await accounts.BeginDeletionAsync(name, expected, cancellationToken) is not { } account)
        {
            return false;
        }

        Passwords.Invalidate(name);
        await FinishDeletionAsync(account);
        return true;
    }

    /// <summary>Sign-in by a password that the server has made. It is looked up by its digest each time, so that deleting it works at once. Nobody can guess one.</summary>
    private async ValueTask<SignIn> AppSignInAsync(IKeyedAccountStore store, string name, string password, CancellationToken cancellationToken)
    {
        var now = ServerTimestamp.Now(time);
        var found = await store.FindTokenAsync(AppPassword.DigestOf(password), now, cancellationToken);
        if (found is not { Token.Kind: AccountTokenKind.AppPassword } || !string.Equals(found.Account.Account.Name, name.ToLowerInvariant(), StringComparison.Ordinal))
        {
            metrics.SignedIn(SignInStatus.Refused);
            return SignIn.Refused;
        }

        if (now.Milliseconds - found.Token.Used.Milliseconds >= UseNotedMilliseconds)
        {
            await store.TouchTokenAsync(found.Token.Digest, now, found.Token.Expires, cancellationToken);
        }

        metrics.SignedIn(SignInStatus.Succeeded);
        return new SignIn(SignInStatus.Succeeded, DelegateOf(found.Account.Account));
    }

    /// <summary>
    /// Makes the marks in all databases those that the account's own row asks for. The row and the marks are not changed in one transaction, so of two who disable and enable at once
    /// each looks again after its marks: whoever sets the last mark sees a row that agrees with it.
    /// </summary>
    /// <returns>The account as the marks are; null when it is gone or being deleted.</returns>
    private async ValueTask<Account?> MarkAsync(Account account, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var number in await NumbersOfAsync(account.Number, cancellationToken))
            {
                if (account.IsDisabled)
                {
                    await accounts.SuspendAsync(number, cancellationToken);
                }
                else
                {
                    await accounts.ResumeAsync(number, cancellationToken);
                }
            }

            if (await accounts.FindAsync(account.Name, cancellationToken) is not { IsBeingDeleted: false } current || current.Number != account.Number)
            {
                return null;
            }

            if (current.IsDisabled == account.IsDisabled)
            {
                return current;
            }

            account = current;
        }
    }

    /// <summary>The numbers that an account writes by: its own, and those of its stores of Sync that are open.</summary>
    private async ValueTask<IReadOnlyList<long>> NumbersOfAsync(long number, CancellationToken cancellationToken) =>
        keyed is not null && assignments is not null && await keyed.FindByNumberAsync(number, cancellationToken) is { } account
            ? [number, .. (await assignments.FindAsync(new UserIdentity(UserIdentity.Local, account.Uid), cancellationToken)).Where(static store => !store.IsClosed).Select(static store => store.Number)]
            : [number];

    /// <summary>The account that can sign in by this name, if any. Excludes a disabled account, and an account whose password guards a key, since the server must not see that password.</summary>
    private async ValueTask<Account?> FindAsync(string name) =>
        IsValidName(name) && await accounts.FindAsync(name, CancellationToken.None) is { IsBeingDeleted: false, IsDisabled: false } account && AccountPassword.IsOne(account.PasswordHash) ? account : null;

    /// <summary>
    /// Several processes may run this at once for one account, and one may be late. It only affects what the account left behind, and never
    /// a later account of the same name.
    /// </summary>
    private async ValueTask FinishDeletionAsync(Account account)
    {
        // :: Step 1: from here on nothing is written in the account's name.
        await accounts.CloseAsync(account.Number, CancellationToken.None);

        // :: Step 2: the account's data.
        var principal = PrincipalOf(account);
        await owned.DeleteAsync(
            principal.Id, principal.DefaultBucket,
            async () => await accounts.FindAsync(account.Name, CancellationToken.None) is { } current && current.Number == account.Number);

        // :: Step 3: what is stored for its devices, the keys that open it, and what wakes them.
        await data.DeleteAsync(account.Number);
        if (push is not null)
        {
            await push.RemoveAllAsync(PrincipalText.OfAccount(principal.Id, account.Number), CancellationToken.None);
        }

        // :: Step 4: the account's name.
        await accounts.EndDeletionAsync(account, principal.Id, CancellationToken.None);
    }

    /// <summary>The passwords of the accounts themselves.</summary>
    private sealed class OwnPasswords(AccountDirectory directory) : IPasswordSource
    {
        public string Counted(string name) => IsValidName(name) ? name : "";

        public async ValueTask<(Account Account, Principal Principal)?> FindAsync(string name) =>
            await directory.FindAsync(name) is { } account ? (account, directory.PrincipalOf(account)) : null;

        public ValueTask<Account?> ReplaceAsync(Account read, string passwordHash) => directory.ReplaceAsync(read, passwordHash);
    }
}
