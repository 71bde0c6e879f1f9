using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Who may make an account. What is sent as a secret is the server's own, or the code of an invitation.</summary>
internal sealed class Admittance(IAssignmentStore assignments, ILoginStore logins, Attempts attempts, Sync11Options options, TimeProvider time)
{
    private const int MaxCodeLength = 128;

    /// <summary>Whether somebody may make an account. Wrong secrets are counted, whatever else is wrong with what was sent.</summary>
    /// <param name="secret"><c>X-Weave-Secret</c>; null for none.</param>
    /// <param name="name">The user's.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The invitation that lets them in, if it is one, which is to be spent with the account; or the answer of those who may not, and are not told which names there are.</returns>
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

    /// <summary>Whether a secret is the server's own: whoever has it makes as many accounts as they like.</summary>
    public bool IsTrusted(string? secret) => secret is not null && options.SharedSecret is { } shared
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), SHA256.HashData(Encoding.UTF8.GetBytes(shared)));

    /// <summary>One that is free, or that this user's account was made with: they hear that they have one.</summary>
    private async ValueTask<Invitation?> FindAsync(string code, string name, CancellationToken cancellationToken) =>
        await assignments.FindInvitationAsync(AppPassword.DigestOf(code), cancellationToken) is { } invitation
        && (invitation.IsFree(ServerTimestamp.Now(time)) || (await logins.FindAsync(name, cancellationToken) is { } login && invitation.IsOf(login.Account)))
            ? invitation
            : null;
}
