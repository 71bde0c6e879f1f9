using System.IO.Enumeration;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Who gets a store that has none.</summary>
internal sealed class Admittance(Sync15Options options, IAssignmentStore assignments, TimeProvider time)
{
    private const int MaxEmailLength = 320;
    private const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    /// <param name="user">Somebody who has none.</param>
    /// <param name="code">Of an invitation; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether they get one, and what they may store, if an invitation says that. The invitation is theirs from then on; an account of this server has that which it was made with.</returns>
    public async ValueTask<(bool IsIn, long? QuotaBytes)> AdmitAsync(VerifiedUser user, string? code, CancellationToken cancellationToken)
    {
        if (string.Equals(user.Identity.Issuer, UserIdentity.Local, StringComparison.Ordinal))
        {
            // Who may have an account here was decided when it was made, and with which invitation.
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
