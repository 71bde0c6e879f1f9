using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Assignments;

/// <summary>
/// Invitations that accounts are made with, in the transaction that makes the account. An earlier statement locks the invitation's row, so that the statement
/// that makes the account sees whether the invitation is still free.
/// </summary>
internal static class InvitationRows
{
    /// <summary>Locks an invitation.</summary>
    /// <param name="batch">The batch of the transaction.</param>
    /// <param name="digest">Null for no invitation.</param>
    public static void Lock(NpgsqlBatch batch, string? digest)
    {
        if (digest is null)
        {
            return;
        }

        var command = new NpgsqlBatchCommand("SELECT digest AS locked FROM invitations WHERE digest = $1 FOR NO KEY UPDATE");
        new ParameterList(command.Parameters).AddText(digest);
        batch.BatchCommands.Add(command);
    }

    /// <summary>A condition: there is no invitation, or it is free.</summary>
    /// <param name="at">Number of the first of the two parameters that <see cref="Add"/> adds.</param>
    public static string IsFree(int at) =>
        $"(${at}::text IS NULL OR EXISTS (SELECT FROM invitations WHERE digest = ${at} AND issuer IS NULL AND name IS NULL AND expires > ${at + 1}))";

    /// <summary>A condition: the invitation is free, and for an account with a password of its own.</summary>
    /// <param name="at">As in <see cref="IsFree"/>.</param>
    /// <param name="name">Number of the parameter with the account's name.</param>
    public static string IsFreeFor(int at, int name) =>
        $"EXISTS (SELECT FROM invitations WHERE digest = ${at} AND issuer IS NULL AND name IN ('', ${name}) AND expires > ${at + 1})";

    /// <summary>A part of WITH: from then on, the invitation belongs to that account (<see cref="Core.Assignments.Invitation.OfAccount"/>).</summary>
    /// <param name="at">As in <see cref="IsFree"/>.</param>
    /// <param name="made">The part that returns the account's number, or no row if none was made.</param>
    public static string Spend(int at, string made) =>
        $"spent AS (UPDATE invitations SET issuer = 'local', subject = m.number::text FROM {made} m WHERE digest = ${at})";

    public static void Add(ParameterList parameters, string? digest, ServerTimestamp now)
    {
        parameters.AddText(digest);
        parameters.Add(now.Milliseconds);
    }
}
