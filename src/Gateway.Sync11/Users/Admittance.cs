using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Decides who may make an account. The secret of a request is the server's own, or the code of an invitation.</summary>
internal sealed class Admittance(IAssignmentStore assignments, ILoginStore logins, Attempts attempts, Sync11Options options, TimeProvider time)
{
    private const int MaxCodeLength = 128;

    /// <summary>Decides whether somebody may make an account. Wrong secrets count, whatever else is wrong with the request.</summary>
    /// <param name="secret"><c>X-Weave-Secret</c>; null for none.</param>
    /// <param name="name">The name of the user.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The invitation to spend with the account, if the secret is one. For others, a refusal that does not tell which names are taken.</returns>
    public async ValueTask<(Invitation? Invitation, Answer? Refusal)> AdmitAsync(string? secret, string name, string address, CancellationToken cancellationToken)
    {
        if (options.Registration == Sync11Registration.Open)
        {
            return (null, null);
        }

        if (secret is not { Length: > 0 and <= MaxCodeLength } || (options.SharedSecret is null && options.Registration == Sync11Registration.Closed))
        {
            return (null, WeaveAnswers.NotOffered);
        }

        Invitation? invitation = null;
        var refusal = await attempts.TryAsync("sync11 secret", address, async () =>
        {
            if (IsTrusted(secret))
            {
                return (SignInVerdict.Undecided, null);
            }

            invitation = options.Registration == Sync11Registration.Invitation ? await FindAsync(secret, name, cancellationToken) : null;
            return invitation is null ? (SignInVerdict.Wrong, WeaveAnswers.NotOffered) : (SignInVerdict.Undecided, null);
        });
        return (invitation, refusal);
    }

    /// <summary>Whether a secret is the server's own. Those who have it can make as many accounts as they like.</summary>
    public bool IsTrusted(string? secret) => secret is not null && options.SharedSecret is { } shared
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), SHA256.HashData(Encoding.UTF8.GetBytes(shared)));

    /// <summary>Finds an invitation that is free, or that made this user's account. In that case they are told that they have one.</summary>
    private async ValueTask<Invitation?> FindAsync(string code, string name, CancellationToken cancellationToken) =>
        await assignments.FindInvitationAsync(AppPassword.DigestOf(code), cancellationToken) is { } invitation
        && (invitation.IsFree(ServerTimestamp.Now(time)) || (await logins.FindAsync(name, cancellationToken) is { } login && invitation.IsOf(login.Account)))
            ? invitation
            : null;
}
