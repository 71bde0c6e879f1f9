using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>
/// Access tokens of other issuers that were verified a short while ago, by their digests. One of this server's own accounts is looked up each time: it ends with the session that it came from, and not a
/// moment later. Safe for concurrent use.
/// </summary>
internal sealed class VerifiedTokens(StorageAccess access, SynctoOptions options, TimeProvider time)
{
    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<string, Entry> known = new(StringComparer.Ordinal);

    /// <param name="token">The token.</param>
    /// <param name="who">Whom it is counted for: the address it came from.</param>
    /// <param name="serverUrl">As clients see this server.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<TokenVerdict> VerifyAsync(string token, string who, string serverUrl, CancellationToken cancellationToken)
    {
        var digest = token.Length > StorageAccess.MaxTokenLength ? "" : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        if (known.TryGetValue(digest, out var entry))
        {
            if (now < entry.Until)
            {
                return new TokenVerdict.Accepted(entry.User);
            }

            known.TryRemove(digest, out _);
        }

        var verdict = await access.VerifyAsync(token, who, serverUrl, cancellationToken);
        if (verdict is TokenVerdict.Accepted { User.Account: null } accepted && options.CredentialsTtl > TimeSpan.Zero)
        {
            if (known.Count >= MaxRemembered)
            {
                known.Clear();
            }

            known[digest] = new Entry(accepted.User, Math.Min(now + options.CredentialsTtl.TotalSeconds, accepted.Ends ?? double.MaxValue));
        }

        return verdict;
    }

    /// <param name="User">Whose it is.</param>
    /// <param name="Until">Seconds since the epoch.</param>
    private sealed record Entry(VerifiedUser User, double Until);
}
