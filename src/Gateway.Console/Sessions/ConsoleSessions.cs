using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Sessions;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Console.Sessions;

/// <summary>Sessions: opened with a password, found by a secret of which the store has the digest.</summary>
internal sealed class ConsoleSessions(ISessionStore store, AccountDirectory accounts, ConsoleOptions options, TimeProvider time)
{
    private const int SecretBytes = 32;

    /// <returns>The secret of a new session, and its digest.</returns>
    public async ValueTask<(string Secret, string Digest)> OpenAsync(Account account, CancellationToken cancellationToken)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var digest = DigestOf(secret);
        var now = ServerTimestamp.Now(time);
        var session = new AccountSession(digest, account, accounts.PasswordMarkOf(account), now, new ServerTimestamp(now.Milliseconds + (long)options.SessionTime.TotalMilliseconds));
        await store.AddAsync(session, options.MaxSessions, cancellationToken);
        return (secret, digest);
    }

    /// <returns>Null when there is none, it is over, or the account has another password by now.</returns>
    public async ValueTask<AccountSession?> FindAsync(string secret, CancellationToken cancellationToken) =>
        await store.FindAsync(DigestOf(secret), ServerTimestamp.Now(time), cancellationToken) is { } session
            && string.Equals(session.Mark, accounts.PasswordMarkOf(session.Account), StringComparison.Ordinal)
            ? session
            : null;

    public ValueTask EndAsync(string secret, CancellationToken cancellationToken) => store.RemoveAsync(DigestOf(secret), cancellationToken);

    /// <summary>Ends all sessions of an account but one.</summary>
    public ValueTask EndAllAsync(Account account, string? except, CancellationToken cancellationToken) => store.RemoveAllAsync(account.Number, except, cancellationToken);

    private static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
