using System.IO.Enumeration;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Decides whether a user without a store gets one.</summary>
internal sealed class Admittance(Sync15Options options, IAssignmentStore assignments, TimeProvider time)
{
    private const int MaxEmailLength = 320;
    private const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    /// <param name="user">A user without a store.</param>
    /// <param name="code">The code of an invitation; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether they get one, and how much they may store, if an invitation limits it. The invitation then belongs to them; an account of this server has the one that it was made with.</returns>
    public async ValueTask<(bool IsIn, long? QuotaBytes)> AdmitAsync(VerifiedUser user, string? code, CancellationToken cancellationToken)
    {
        if (string.Equals(user.Identity.Issuer, UserIdentity.Local, StringComparison.Ordinal))
        {
            // The rules for accounts, including invitations, were applied when the account was made.
            var made = user.Account is { } number ? await assignments.FindInvitationOfAsync(Invitation.OfAccount(number), cancellationToken) : null;
            return (true, made?.QuotaBytes);
        }

        if (options.Registration == SyncRegistration.Closed)
        {
            return (false, null);
        }

        var invitation = code is null
            ? null
            : await assignments.TakeInvitationAsync(InvitationCode.DigestOf(code), user.Identity, ServerTimestamp.Now(time), cancellationToken);
        return (invitation is not null || options.Registration == SyncRegistration.Open || IsListed(user), invitation?.QuotaBytes);
    }

    private bool IsListed(VerifiedUser user) => options.AllIssuers().FirstOrDefault(issuer => string.Equals(issuer.Name, user.Identity.Issuer, StringComparison.Ordinal)) is { } issuer
        && (issuer.AllowedUsers.Split(',', Trimmed).Contains(user.Identity.Subject, StringComparer.Ordinal)
            || (user.Email is { Length: > 0 and <= MaxEmailLength } email
                && issuer.AllowedEmails.Split(',', Trimmed).Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, email, ignoreCase: true))));
}
