using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Sign-in with Basic by the names and passwords of one source. A client that guesses has to wait. A password that was right costs no second hash. Hashes of all
/// sources wait in the same queue.
/// </summary>
public sealed class PasswordSignIn(
    IPasswordSource source, HashQueue hashes, ISignInThrottle throttle, AccountOptions options, GatewayMetrics metrics, TimeProvider time)
{
    private const string Scheme = "Basic ";
    private const int MaxHeaderLength = 4096;

    private readonly CredentialCache cache = new(options, time);

    // The header, the address, and the account as it was known at that time.
    private readonly ConcurrentDictionary<(UInt128 Digest, string Address, long Generation), Lazy<Task<SignIn>>> underWay = new();

    // Verifying against this hash costs as much as against a real one, so that the time does not reveal which accounts exist.
    private readonly Lazy<string> decoy = new(() => PasswordHash.Create("", options.PasswordIterations));

    /// <summary>RFC 7617.</summary>
    /// <param name="header">As in <c>Authorization</c>.</param>
    /// <returns>Name and password, which may contain colons; null for anything else.</returns>
    public static (string Name, string Password)? Read(string header)
    {
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.Length > MaxHeaderLength)
        {
            return null;
        }

        var encoded = header.AsSpan(Scheme.Length).Trim();
        if (!Base64.IsValid(encoded))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(Convert.FromBase64String(encoded.ToString()));
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }

    /// <param name="request">With an <c>Authorization</c> header.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        var digest = DigestOf(request);
        var entry = cache.Find(digest);
        return entry is not null && cache.IsFresh(entry)
            ? new ValueTask<SignIn>(new SignIn(SignInStatus.Succeeded, entry.Principal))
            : CountedSignInAsync(request.Authorization!, digest, entry, ClientAddress.Of(request.Address), cancellationToken);
    }

    /// <param name="request">With an <c>Authorization</c> header.</param>
    /// <returns>The user, if the header was right a short while ago; otherwise null, and it has to be judged.</returns>
    public SignIn? Remembered(SignInRequest request) =>
        cache.Find(DigestOf(request)) is { } entry && cache.IsFresh(entry) ? new SignIn(SignInStatus.Succeeded, entry.Principal) : null;

    /// <summary>Whether the password that a user signed in with is unchanged since it was verified. If not, the sign-in is forgotten.</summary>
    /// <param name="principal">The user who signed in.</param>
    /// <param name="current">The account as it is now; null when it is gone.</param>
    public bool IsStill(Principal principal, Account? current)
    {
        if (principal.Verified is { } verified && current is not null && current.HasPasswordOf(verified))
        {
            return true;
        }

        Invalidate(principal.Account);
        return false;
    }

    /// <summary>Forgets sign-ins by a name.</summary>
    public void Invalidate(string name) => cache.Invalidate(name);

    private UInt128 DigestOf(SignInRequest request) => request.Memory?.DigestOf(request.Authorization!, cache) ?? cache.Digest(request.Authorization!);

    /// <summary>Sign-ins that the cache answers are not counted: they are nearly all requests.</summary>
    private async ValueTask<SignIn> CountedSignInAsync(
        string header, UInt128 digest, CredentialCache.Entry? entry, string address, CancellationToken cancellationToken)
    {
        var signIn = await SignInOnceAsync(header, digest, entry, address, cancellationToken);
        metrics.SignedIn(signIn.Status);
        if (signIn.Status is SignInStatus.Busy or SignInStatus.Throttled)
        {
            await Tarpit.HoldAsync(options, cancellationToken);
        }

        return signIn;
    }

    /// <summary>
    /// Requests with a header that is just being verified wait for the result: together they are one try. If each counted by itself,
    /// the many requests that reach a gateway after its start would be more undecided tries than the limit of wrong ones, and be refused.
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
            // It has ended but was not removed yet: a request after it is a try of its own.
            underWay.TryRemove(KeyValuePair.Create(key, first));
        }

        if (first == mine)
        {
            // A caller that gives up waiting does not remove it: it goes on for the others.
            _ = mine.Value.ContinueWith(_ => underWay.TryRemove(KeyValuePair.Create(key, mine)), TaskScheduler.Default);
        }

        return await first.Value.WaitAsync(cancellationToken);
    }

    private async Task<SignIn> SignInAsync(
        string name, string password, UInt128 digest, CredentialCache.Entry? entry, string address, long generation)
    {
        // :: Step 1: a password that was right is still right while the account's hash is the same.
        (Account Account, Principal Principal)? found = null;
        if (entry?.Principal.Verified is { } verified)
        {
            found = await source.FindAsync(name);
            if (found is { } same && same.Account.HasPasswordOf(verified))
            {
                var current = same.Principal with { Verified = same.Account };
                cache.Add(digest, current, generation);
                return new SignIn(SignInStatus.Succeeded, current);
            }

            cache.Remove(digest);
        }

        // :: Step 2: take a place before reading anything, so that guesses do not keep the database from others.
        using var seat = hashes.TrySignIn(address);
        if (seat is null)
        {
            return new SignIn(SignInStatus.Busy);
        }

        // :: Step 3: hash, unless there were too many wrong passwords already.
        found ??= await source.FindAsync(name);
        var attempt = new SignInTry(Guid.NewGuid(), source.Counted(name), address);
        var permit = await throttle.BeginAsync(attempt, CancellationToken.None);
        if (!permit.IsGranted)
        {
            return permit.IsBusy ? new SignIn(SignInStatus.Busy) : new SignIn(SignInStatus.Throttled, RetryAfter: permit.Wait);
        }

        var verdict = SignInVerdict.Undecided;
        try
        {
            var isRight = await seat.VerifyAsync(
                () => AccountPassword.Verify(password, found?.Account.PasswordHash ?? decoy.Value) && found is not null, CancellationToken.None);
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

        // :: Step 4: replace a hash of another server by one of our own.
        var (account, who) = found!.Value;
        if (AccountPassword.IsBcrypt(account.PasswordHash))
        {
            account = await ReplaceAsync(account, password, seat) ?? account;
        }

        var principal = who with { Verified = account };
        cache.Add(digest, principal, generation);
        return new SignIn(SignInStatus.Succeeded, principal) { WasVerified = true };
    }

    /// <returns>Null where that cannot be done now; the user is signed in all the same.</returns>
    private async Task<Account?> ReplaceAsync(Account account, string password, HashQueue.Seat seat)
    {
        try
        {
            return await seat.HashAsync(() => PasswordHash.Create(password, options.PasswordIterations), CancellationToken.None) is { } hash ? await source.ReplaceAsync(account, hash) : null;
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }
}
