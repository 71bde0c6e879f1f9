using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Rows;

/// <summary>A record's columns, in the one order that all statements use.</summary>
internal static class RecordColumns
{
    public const string Names = "id, modified, deleted, body, author, acl, sortindex, expiry";

    /// <summary><see cref="Names"/>, with what the projection leaves out as null. In the body's place its length is, where it is not read.</summary>
    public static string Of(Projection projection) => projection switch
    {
        Projection.Listed => "id, modified, deleted, body, NULL, acl, sortindex, expiry",
        Projection.Metadata => "id, modified, deleted, length(body), author, acl, sortindex, expiry",
        _ => Names,
    };

    /// <param name="reader">On a row whose columns are <see cref="Names"/>.</param>
    /// <param name="first">Index of the first of them.</param>
    /// <param name="projection">What the row was read with.</param>
    public static StoredRecord Read(SqliteDataReader reader, int first = 0, Projection projection = Projection.Whole) => new()
    {
        Id = reader.GetString(first),
        Modified = new ServerTimestamp(reader.GetInt64(first + 1)),
        IsTombstone = reader.GetInt64(first + 2) != 0,
        Body = projection == Projection.Metadata ? default(ReadOnlyMemory<byte>) : reader.GetFieldValue<byte[]>(first + 3),
        UnreadLength = projection == Projection.Metadata ? reader.GetInt32(first + 3) : null,
        Author = reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
        Acl = reader.IsDBNull(first + 5) ? default(ReadOnlyMemory<byte>?) : reader.GetFieldValue<byte[]>(first + 5),
        SortIndex = reader.IsDBNull(first + 6) ? null : reader.GetInt32(first + 6),
        Expiry = reader.IsDBNull(first + 7) ? null : new ServerTimestamp(reader.GetInt64(first + 7)),
    };
}
