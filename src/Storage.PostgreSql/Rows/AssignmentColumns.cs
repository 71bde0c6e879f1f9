using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Rows;

/// <summary>The columns of a user's store, in the one order that all statements use.</summary>
internal static class AssignmentColumns
{
    public const string Names = "number, issuer, subject, generation, fingerprint, keys_changed, node, created, replaced, closed, quota";

    /// <param name="reader">On a row whose first columns are <see cref="Names"/>.</param>
    public static Assignment Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0),
        new UserIdentity(reader.GetString(1), reader.GetString(2)),
        new UserKeys(reader.GetInt64(3), reader.GetString(4), reader.GetInt64(5)),
        reader.GetInt32(6),
        new ServerTimestamp(reader.GetInt64(7)),
        reader.IsDBNull(8) ? null : new ServerTimestamp(reader.GetInt64(8)),
        reader.GetBoolean(9),
        reader.IsDBNull(10) ? null : reader.GetInt64(10));
}
