using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Who may make an account. What is sent as a secret is the server's own, or the code of an invitation.</summary>
internal sealed class Admittance(IAssignmentStore assignments, Attempts attempts, Sync11Options options, TimeProvider time)
{
    private const int MaxCodeLength = 128;

    /// <summary>Whether somebody may make an account of whatever name.</summary>
    /// <param name="secret"><c>X-Weave-Secret</c>; null for none.</param>
    /// <param name="address">Where it comes from.</param>
    /// <returns>Whether they may; or the answer of those who may not, and who is not told which names there are. Neither: it depends on their invitation.</returns>
    public async ValueTask<(bool IsIn, Answer? Refusal)> AdmitAsync(string? secret, string address)
    {
        if (options.Registration == Sync11Registration.Open)
        {
            return (true, null);
        }

        if (secret is not { Length: > 0 and <= MaxCodeLength } || (options.SharedSecret is null && options.Registration == Sync11Registration.Closed))
        {
            return (false, WeaveAnswers.NotOffered);
        }

        var isIn = false;
        var refusal = options.SharedSecret is { } shared
            ? await attempts.TryAsync("sync11 secret", address, () =>
            {
                isIn = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), SHA256.HashData(Encoding.UTF8.GetBytes(shared)));
                var isWrong = !isIn && options.Registration == Sync11Registration.Closed;
                return ValueTask.FromResult((isWrong ? SignInVerdict.Wrong : SignInVerdict.Undecided, isWrong ? WeaveAnswers.NotOffered : null));
            })
            : null;
        return (isIn, refusal);
    }

    /// <summary>Takes an invitation, which is that account's from then on.</summary>
    /// <param name="code">Its code.</param>
    /// <param name="account">Name of the account that is to be made.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The invitation; or why there is none.</returns>
    public async ValueTask<(Invitation? Invitation, Answer? Refusal)> TakeAsync(string code, string account, string address, CancellationToken cancellationToken)
    {
        Invitation? invitation = null;
        var refusal = await attempts.TryAsync("an invitation", address, async () =>
        {
            invitation = await assignments.TakeInvitationAsync(
                AppPassword.DigestOf(code), new UserIdentity(UserIdentity.Local, account), ServerTimestamp.Now(time), cancellationToken);
            return invitation is null ? (SignInVerdict.Wrong, WeaveAnswers.NotOffered) : (SignInVerdict.Undecided, null);
        });
        return (invitation, refusal);
    }
}
