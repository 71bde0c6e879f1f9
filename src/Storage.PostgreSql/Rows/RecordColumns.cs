using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Rows;

/// <summary>A record's columns, in the one order that all statements use.</summary>
internal static class RecordColumns
{
    public const string Names = "id, modified, deleted, body, author, acl, sortindex, expiry";

    /// <summary>Index of the body among them.</summary>
    public const int Body = 3;

    /// <param name="reader">On a row whose columns are <see cref="Names"/>.</param>
    /// <param name="first">Index of the first of them.</param>
    public static StoredRecord Read(NpgsqlDataReader reader, int first = 0) => new()
    {
        Id = reader.GetString(first),
        Modified = new ServerTimestamp(reader.GetInt64(first + 1)),
        IsTombstone = reader.GetBoolean(first + 2),
        Body = reader.GetFieldValue<byte[]>(first + Body),
        Author = reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
        Acl = reader.IsDBNull(first + 5) ? null : reader.GetFieldValue<byte[]>(first + 5),
        SortIndex = reader.IsDBNull(first + 6) ? null : reader.GetInt32(first + 6),
        Expiry = reader.IsDBNull(first + 7) ? null : new ServerTimestamp(reader.GetInt64(first + 7)),
    };
}
