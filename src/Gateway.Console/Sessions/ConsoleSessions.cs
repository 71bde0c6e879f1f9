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

    /// <returns>The secret of a new session.</returns>
    public async ValueTask<string> OpenAsync(Account account, CancellationToken cancellationToken)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var now = ServerTimestamp.Now(time);
        var session = new AccountSession(DigestOf(secret), account, accounts.PasswordMarkOf(account), now, new ServerTimestamp(now.Milliseconds + (long)options.SessionTime.TotalMilliseconds));
        await store.AddAsync(session, options.MaxSessions, cancellationToken);
        return secret;
    }

    /// <returns>Null when there is none, it is over, or the account has another password by now.</returns>
    public async ValueTask<AccountSession?> FindAsync(string secret, CancellationToken cancellationToken) =>
        await store.FindAsync(DigestOf(secret), ServerTimestamp.Now(time), cancellationToken) is { } session
            && string.Equals(session.Mark, accounts.PasswordMarkOf(session.Account), StringComparison.Ordinal)
            ? session
            : null;

    public ValueTask EndAsync(string secret, CancellationToken cancellationToken) => store.RemoveAsync(DigestOf(secret), cancellationToken);

    private static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
