using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Sqlite.Assignments;

/// <summary>Invitations that accounts are made with, in the job that makes the account.</summary>
internal static class InvitationRows
{
    public static bool IsFree(SqliteStatements statements, string digest, ServerTimestamp now) =>
        statements.Scalar("SELECT 1 FROM invitations WHERE digest = $0 AND issuer IS NULL AND name IS NULL AND expires > $1", digest, now.Milliseconds) is not null;

    /// <summary>Whether an invitation is free, and for an account of that name with a password of its own.</summary>
    public static bool IsFreeFor(SqliteStatements statements, string digest, string name, ServerTimestamp now) =>
        statements.Scalar("SELECT 1 FROM invitations WHERE digest = $0 AND issuer IS NULL AND name IN ('', $1) AND expires > $2", digest, name, now.Milliseconds) is not null;

    /// <param name="statements">The statements of the job.</param>
    /// <param name="digest">Digest of a free invitation.</param>
    /// <param name="account">Number of the account that was made.</param>
    public static void Spend(SqliteStatements statements, string digest, long account)
    {
        var user = Invitation.OfAccount(account);
        statements.Execute("UPDATE invitations SET issuer = $1, subject = $2 WHERE digest = $0", digest, user.Issuer, user.Subject);
    }
}
