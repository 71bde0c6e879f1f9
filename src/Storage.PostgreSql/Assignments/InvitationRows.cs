using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Assignments;

/// <summary>
/// Invitations that accounts are made with, in the transaction that makes the account. The row is locked by a statement before it, so that what makes the account sees
/// whether it is free still.
/// </summary>
internal static class InvitationRows
{
    /// <summary>Locks one.</summary>
    /// <param name="batch">Of the transaction.</param>
    /// <param name="digest">Null for none.</param>
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

    /// <summary>A condition: that there is none, or it is free.</summary>
    /// <param name="at">Number of the first of two parameters, by <see cref="Add"/>.</param>
    public static string IsFree(int at) =>
        $"(${at}::text IS NULL OR EXISTS (SELECT FROM invitations WHERE digest = ${at} AND issuer IS NULL AND name IS NULL AND expires > ${at + 1}))";

    /// <summary>A condition: that it is free, and to an account with a password of its own.</summary>
    /// <param name="at">As in <see cref="IsFree"/>.</param>
    /// <param name="name">Number of the parameter with the account's name.</param>
    public static string IsFreeFor(int at, int name) =>
        $"EXISTS (SELECT FROM invitations WHERE digest = ${at} AND issuer IS NULL AND name IN ('', ${name}) AND expires > ${at + 1})";

    /// <summary>A part of WITH: it is that account's from then on (<see cref="Core.Assignments.Invitation.OfAccount"/>).</summary>
    /// <param name="at">As in <see cref="IsFree"/>.</param>
    /// <param name="made">The part that has the account's number, or no row where none was made.</param>
    public static string Spend(int at, string made) =>
        $"spent AS (UPDATE invitations SET issuer = 'local', subject = m.number::text FROM {made} m WHERE digest = ${at})";

    public static void Add(ParameterList parameters, string? digest, ServerTimestamp now)
    {
        parameters.AddText(digest);
        parameters.Add(now.Milliseconds);
    }
}
