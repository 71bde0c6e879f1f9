using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Console.Invitations;

/// <summary>
/// Links that let whoever has one make an account with a password, once, and for a while, though registration is closed to others. They lie beside the invitations of
/// other protocols, which let nobody in here, as these let nobody in there. The store has a digest of each. No link is written to a log.
/// </summary>
public sealed class AccountInvitations(IAssignmentStore store, TimeProvider time)
{
    /// <summary>Where the page is, below the URL of the server.</summary>
    public const string Path = "/admin/invitation";

    private const int SecretBytes = 32;

    /// <summary>Makes one, and removes those that are over.</summary>
    /// <param name="name">The name that the account must have; empty for any.</param>
    /// <param name="note">What says to administrators whom it is for.</param>
    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What comes behind the URL of the server. The secret is in the fragment, which browsers do not send.</returns>
    public async ValueTask<string> MakeAsync(string name, string note, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var now = ServerTimestamp.Now(time);
        foreach (var over in (await ListAsync(cancellationToken)).Where(one => one.Expires <= now))
        {
            await store.RemoveInvitationAsync(over.Digest, cancellationToken);
        }

        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var expires = now.Plus((long)lifetime.TotalMilliseconds);
        await store.AddInvitationAsync(new Invitation(DigestOf(secret), note, QuotaBytes: null, expires, User: null) { AccountName = name }, cancellationToken);
        return $"{Path}#invitation={secret}{(name.Length == 0 ? "" : "&name=" + Uri.EscapeDataString(name))}";
    }

    /// <summary>Those that nobody has used, also such as are over.</summary>
    public async ValueTask<IReadOnlyList<Invitation>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListInvitationsAsync(cancellationToken)).Where(static one => one.AccountName is not null)];

    /// <summary>Takes one back.</summary>
    /// <returns>False when there is none of that digest, or somebody has used it.</returns>
    public async ValueTask<bool> RevokeAsync(string digest, CancellationToken cancellationToken) =>
        await store.FindInvitationAsync(digest, cancellationToken) is { AccountName: not null, User: null } && await store.RemoveInvitationAsync(digest, cancellationToken);

    /// <returns>The invitation; null when it is used, over or revoked.</returns>
    internal async ValueTask<Invitation?> FindAsync(string secret, CancellationToken cancellationToken) =>
        await store.FindInvitationAsync(DigestOf(secret), cancellationToken) is { AccountName: not null, User: null } found && found.Expires > ServerTimestamp.Now(time) ? found : null;

    private static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
