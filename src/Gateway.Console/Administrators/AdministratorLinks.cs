using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Console.Administrators;

/// <summary>
/// Links that let whoever has one make the first administrator: once, and for a while. The store has a digest of each. They are for the person who runs the server, so
/// they are made where that person is, and never written to a log.
/// </summary>
public sealed class AdministratorLinks(IAdministratorStore store, TimeProvider time)
{
    /// <summary>Where the page is, below the URL of the server.</summary>
    public const string Path = "/admin/first";

    private const int SecretBytes = 32;

    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="most">Links that may be valid at a time; the oldest ones end. 1 replaces all.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What comes behind the URL of the server. The secret is in the fragment, which browsers do not send.</returns>
    public async ValueTask<string> MakeAsync(TimeSpan lifetime, int most, CancellationToken cancellationToken)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var now = ServerTimestamp.Now(time);
        await store.AddLinkAsync(DigestOf(secret), now, new ServerTimestamp(now.Milliseconds + (long)lifetime.TotalMilliseconds), most, cancellationToken);
        return $"{Path}#link={secret}";
    }

    internal ValueTask<bool> IsValidAsync(string secret, CancellationToken cancellationToken) => store.HasLinkAsync(DigestOf(secret), ServerTimestamp.Now(time), cancellationToken);

    /// <returns>The new account; null when the link is over or the name is taken.</returns>
    internal ValueTask<Account?> UseAsync(string secret, string name, string passwordHash, CancellationToken cancellationToken) =>
        store.UseLinkAsync(DigestOf(secret), name, passwordHash, ServerTimestamp.Now(time), cancellationToken);

    private static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
