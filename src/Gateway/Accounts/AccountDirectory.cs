using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Accounts;

/// <summary>Local accounts: sign-in with Basic, making, changing and deleting them.</summary>
public sealed class AccountDirectory(
    IAccountStore accounts,
    IBucketIndex index,
    IBuckets buckets,
    ISignInThrottle throttle,
    AccountSecret secret,
    AccountOptions options,
    GatewayMetrics metrics,
    TimeProvider time)
{
    private const int MaxNameLength = 255;
    private const int MaxPasswordBytes = 1024;
    private const int DeletedAtOnce = 500;
    private const string Scheme = "account:";

    private readonly CredentialCache cache = new(options, time);
    private readonly HashQueue hashes = new(Math.Max(1, Environment.ProcessorCount / 2), options.FailureWindow, time);

    // Header, where it comes from, and what was known of the account then.
    private readonly ConcurrentDictionary<(UInt128 Digest, string Address, long Generation), Lazy<Task<SignIn>>> underWay = new();

    // Verifying against this costs as much as against a real hash, so that the time does not tell which accounts exist.
    private readonly Lazy<string> decoy = new(() => PasswordHash.Create("", options.PasswordIterations));

    /// <summary>Kinto: <c>^[a-zA-Z0-9][+.@a-zA-Z0-9_-]*$</c>.</summary>
    public static bool IsValidName(string name) =>
        name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '.' or '@' or '_' or '-');

    /// <returns>Why the password cannot be taken; null when it can.</returns>
    public string? Refuse(string password) =>
        password.Length < options.MinPasswordLength ? $"A password has at least {options.MinPasswordLength} characters."
        : Encoding.UTF8.GetByteCount(password) > MaxPasswordBytes ? $"A password has at most {MaxPasswordBytes} bytes."
        : null;

    /// <param name="header">The <c>Authorization</c> header; null when there is none.</param>
    /// <param name="address">Where the request comes from, for counting failures; null for a socket of this machine.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<SignIn> SignInAsync(string? header, IPAddress? address, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(header))
        {
            return new ValueTask<SignIn>(SignIn.Anonymous);
        }

        var digest = cache.Digest(header);
        var entry = cache.Find(digest);
        return entry is not null && cache.IsFresh(entry)
            ? new ValueTask<SignIn>(new SignIn(SignInStatus.Succeeded, entry.Principal))
            : CountedSignInAsync(header, digest, entry, ClientAddress.Of(address), cancellationToken);
    }

    /// <summary>As an operator makes one, who waits for nobody.</summary>
    /// <returns>The account; null when the name is taken.</returns>
    public ValueTask<Account?> AddAsync(string name, string password, CancellationToken cancellationToken) =>
        AddHashedAsync(name, PasswordHash.Create(password, options.PasswordIterations), cancellationToken);

    /// <returns>The account; null when the name is taken.</returns>
    public ValueTask<Account?> AddHashedAsync(string name, string passwordHash, CancellationToken cancellationToken) =>
        accounts.AddAsync(name, passwordHash, ServerTimestamp.Now(time), cancellationToken);

    /// <summary>As an operator does it, who waits for nobody.</summary>
    /// <returns>The account as it is now; null when there is none.</returns>
    public ValueTask<Account?> ChangePasswordAsync(string name, string password, CancellationToken cancellationToken) =>
        ChangeAsync(name, expected: null, PasswordHash.Create(password, options.PasswordIterations), cancellationToken);

    /// <summary>Gives an account another hash, or the one it has and another stamp, while it is as it was read.</summary>
    /// <returns>The account as it is now; null when it was another by then, or is gone.</returns>
    public ValueTask<Account?> ChangeAsync(Account read, string passwordHash, CancellationToken cancellationToken) =>
        ChangeAsync(read.Name, read, passwordHash, cancellationToken);

    /// <summary>What is kept of a password. Waits behind all sign-ins.</summary>
    /// <param name="who">Whose turn it takes: the user, or the address where nobody has signed in.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when too many wait, or it waited too long.</returns>
    public async ValueTask<string?> HashAsync(string who, string password, CancellationToken cancellationToken)
    {
        using var seat = hashes.TryChange(who);
        return seat is null ? null : await seat.HashAsync(() => PasswordHash.Create(password, options.PasswordIterations), cancellationToken);
    }

    /// <summary>The account with which somebody signed in, as it is now.</summary>
    /// <returns>
    /// Null when it is gone, its name is another account's, or it has another password than the one that was verified: then the
    /// sign-in is forgotten too.
    /// </returns>
    public async ValueTask<Account?> FindOwnAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (principal.Verified is { } verified
            && await accounts.FindAsync(verified.Name, cancellationToken) is { IsBeingDeleted: false } account && account.HasPasswordOf(verified))
        {
            return account;
        }

        cache.Invalidate(principal.Account);
        return null;
    }

    /// <summary>Whether the account with which somebody signed in is still there, whatever its password.</summary>
    /// <returns>False also when another account has its name; then the sign-in is forgotten.</returns>
    public async ValueTask<bool> ExistsAsync(Principal principal, CancellationToken cancellationToken)
    {
        if (principal.Verified is not { } verified
            || (await accounts.FindAsync(verified.Name, cancellationToken) is { IsBeingDeleted: false } account && account.Number == verified.Number))
        {
            return true;
        }

        cache.Invalidate(principal.Account);
        return false;
    }

    /// <summary>Forgets sign-ins with an account that is closed, as an owner said.</summary>
    public void Forget(Caller caller)
    {
        if (caller.Principals.User is { } user && user.StartsWith(Scheme, StringComparison.Ordinal))
        {
            cache.Invalidate(user[Scheme.Length..]);
        }
    }

    /// <summary>Deletes the account and all that is its own. Can be begun again where it was cut off.</summary>
    /// <returns>False when there is no such account.</returns>
    /// <exception cref="StoreUnavailableException">Not finished; the account can no longer sign in, and housekeeping goes on with it.</exception>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancellationToken) => DeleteAsync(name, expected: null, cancellationToken);

    /// <summary>As <see cref="DeleteAsync(string, CancellationToken)"/>, while the account is as it was read.</summary>
    /// <returns>False when it was another by then, or is gone; nothing was deleted.</returns>
    /// <exception cref="StoreUnavailableException">As above.</exception>
    public ValueTask<bool> DeleteAsync(Account read, CancellationToken cancellationToken) => DeleteAsync(read.Name, read, cancellationToken);

    /// <summary>Goes on with deletions that were cut off, by a stop or because a database was away.</summary>
    /// <exception cref="StoreUnavailableException">A database is away still. Those that can do without it are done.</exception>
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

    public Principal PrincipalOf(Account account)
    {
        var text = Encoding.UTF8.GetBytes($"default bucket of account {account.Number}");
        var digest = HMACSHA256.HashData(secret.Value.Span, text);
        return new Principal(PrincipalId(account.Name), account.Name, new Guid(digest.AsSpan(0, 16)).ToString()) { Verified = account };
    }

    /// <summary>Who signs in with an account of that name.</summary>
    public static string PrincipalId(string name) => Scheme + name;

    private async ValueTask<Account?> ChangeAsync(string name, Account? expected, string passwordHash, CancellationToken cancellationToken)
    {
        var account = await accounts.ChangePasswordAsync(name, expected, passwordHash, ServerTimestamp.Now(time), cancellationToken);
        cache.Invalidate(name);
        return account;
    }

    private async ValueTask<bool> DeleteAsync(string name, Account? expected, CancellationToken cancellationToken)
    {
        if (await accounts.BeginDeletionAsync(name, expected, cancellationToken) is not { } account)
        {
            return false;
        }

        cache.Invalidate(name);
        await FinishDeletionAsync(account);
        return true;
    }

    /// <summary>What the cache answers is not counted: it is nearly every request.</summary>
    private async ValueTask<SignIn> CountedSignInAsync(
        string header, UInt128 digest, CredentialCache.Entry? entry, string address, CancellationToken cancellationToken)
    {
        var signIn = await SignInOnceAsync(header, digest, entry, address, cancellationToken);
        metrics.SignedIn(signIn.Status);
        return signIn;
    }

    /// <summary>
    /// Requests that come with the same header while it is looked at wait for that: they are one try. Counted each for itself,
    /// the many that reach a gateway just started would be more undecided tries than there may be wrong ones, and be refused.
    /// </summary>
    private async ValueTask<SignIn> SignInOnceAsync(
        string header, UInt128 digest, CredentialCache.Entry? entry, string address, CancellationToken cancellationToken)
    {
        if (Read(header) is not var (name, password))
        {
            return SignIn.Refused;
        }

        var key = (digest, address, cache.GenerationOf(name));
        var mine = new Lazy<Task<SignIn>>(() => SignInAsync(name, password, digest, entry, address, key.Item3));
        Lazy<Task<SignIn>> first;
        while ((first = underWay.GetOrAdd(key, mine)) != mine && first.Value.IsCompleted)
        {
            // No longer under way, only not taken away yet: what came after it is a try of its own.
            underWay.TryRemove(KeyValuePair.Create(key, first));
        }

        if (first == mine)
        {
            // Not taken away by whoever gives up waiting: it goes on for the others.
            _ = mine.Value.ContinueWith(_ => underWay.TryRemove(KeyValuePair.Create(key, mine)), TaskScheduler.Default);
        }

        return await first.Value.WaitAsync(cancellationToken);
    }

    private async Task<SignIn> SignInAsync(
        string name, string password, UInt128 digest, CredentialCache.Entry? entry, string address, long generation)
    {
        // :: Step 1: what was right before is right while the account's hash is the same.
        Account? account = null;
        if (entry?.Principal.Verified is { } verified)
        {
            account = await FindAsync(name);
            if (account is not null && account.HasPasswordOf(verified))
            {
                cache.Add(digest, entry.Principal, generation);
                return new SignIn(SignInStatus.Succeeded, entry.Principal);
            }

            cache.Remove(digest);
        }

        // :: Step 2: a place before anything is read: guesses do not keep the database from others.
        using var seat = hashes.TrySignIn(address);
        if (seat is null)
        {
            return new SignIn(SignInStatus.Busy);
        }

        // :: Step 3: hash, unless there were too many wrong ones already.
        account ??= await FindAsync(name);
        var attempt = new SignInTry(Guid.NewGuid(), IsValidName(name) ? name : "", address);
        var permit = await throttle.BeginAsync(attempt, CancellationToken.None);
        if (!permit.IsGranted)
        {
            return permit.IsBusy ? new SignIn(SignInStatus.Busy) : new SignIn(SignInStatus.Throttled, RetryAfter: permit.Wait);
        }

        var verdict = SignInVerdict.Undecided;
        try
        {
            var isRight = await seat.VerifyAsync(
                () => PasswordHash.Verify(password, account?.PasswordHash ?? decoy.Value) && account is not null, CancellationToken.None);
            verdict = isRight is null ? SignInVerdict.Undecided : isRight.Value ? SignInVerdict.Right : SignInVerdict.Wrong;
        }
        finally
        {
            await throttle.EndAsync(attempt, verdict);
        }

        if (verdict != SignInVerdict.Right)
        {
            return verdict == SignInVerdict.Wrong ? SignIn.Refused : new SignIn(SignInStatus.Busy);
        }

        var principal = PrincipalOf(account!);
        cache.Add(digest, principal, generation);
        return new SignIn(SignInStatus.Succeeded, principal);
    }

    /// <summary>The account that can sign in by this name, if any.</summary>
    private async ValueTask<Account?> FindAsync(string name) =>
        IsValidName(name) && await accounts.FindAsync(name, CancellationToken.None) is { IsBeingDeleted: false } account ? account : null;

    /// <summary>
    /// Several processes may do this at once for one account, and one may come late: what it does it does to what the account left
    /// behind, and never to what is a later account's of that name.
    /// </summary>
    private async ValueTask FinishDeletionAsync(Account account)
    {
        // :: Step 1: from here on nothing is written in its name.
        await accounts.CloseAsync(account.Number, CancellationToken.None);

        // :: Step 2: its data.
        var principal = PrincipalOf(account);
        await DeleteBucketAsync(BucketId.DefaultBucket(principal.DefaultBucket), principal.Id, Precondition.None);
        await DeleteBucketsOfAsync(account, principal.Id);

        // :: Step 3: its name.
        await accounts.EndDeletionAsync(account, principal.Id, CancellationToken.None);
    }

    private async ValueTask DeleteBucketsOfAsync(Account account, string principal)
    {
        BucketId? last = null;
        var all = new BucketScan(principal, new ListQuery { Limit = DeletedAtOnce }, DeletedAtOnce);
        for (var deleted = true; (await index.ListByAuthorAsync(all, CancellationToken.None)).Entries is { Count: > 0 } left;)
        {
            // What was listed while the account had the name is no later account's.
            if (await accounts.FindAsync(account.Name, CancellationToken.None) is not { } current || current.Number != account.Number)
            {
                return;
            }

            if (left.All(static entry => entry.Id.Kind == BucketKind.Unknown))
            {
                // Of a newer program, which has to see to them.
                return;
            }

            if (!deleted && left[0].Id == last)
            {
                throw new StoreUnavailableException($"The bucket {last} cannot be deleted.");
            }

            (deleted, last) = (false, left[0].Id);
            foreach (var entry in left)
            {
                // Somebody else may have made the bucket anew since it was listed.
                deleted |= await DeleteBucketAsync(entry.Id, principal, new Precondition(PreconditionScope.Record, PreconditionTest.Match, entry.Modified));
            }
        }
    }

    /// <returns>Whether it was there, and as the precondition says.</returns>
    private async ValueTask<bool> DeleteBucketAsync(BucketId id, string principal, Precondition precondition)
    {
        var request = new BucketRequest(Callers.Closing(principal), [new DeleteRecord(ObjectRef.Bucket) { Precondition = precondition }]);
        var response = await buckets.Get(id).ExecuteAsync(request, CancellationToken.None);
        return response.Outcomes[0] is Unavailable unavailable
            ? throw new StoreUnavailableException($"The bucket was not deleted: {unavailable.Reason}.")
            : response.Outcomes[0] is RecordDeleted;
    }

    /// <summary>RFC 7617.</summary>
    private static (string Name, string Password)? Read(string header)
    {
        const string scheme = "Basic ";
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) || header.Length > 4096)
        {
            return null;
        }

        var encoded = header.AsSpan(scheme.Length).Trim();
        if (!Base64.IsValid(encoded))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(Convert.FromBase64String(encoded.ToString()));
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }
}
