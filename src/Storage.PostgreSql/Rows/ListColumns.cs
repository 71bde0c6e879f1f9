using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Rows;

/// <summary>A list head's columns, in the one order that all statements use.</summary>
internal static class ListColumns
{
    public const string Names = "role, name, list, rows_modified, touched, count, bytes, horizon, next_expiry";

    /// <summary>The same columns of a table with this alias.</summary>
    public static string From(string table) => string.Join(", ", Names.Split(", ").Select(name => $"{table}.{name}"));

    /// <param name="reader">On a row whose columns are <see cref="Names"/>.</param>
    /// <param name="first">Index of the first of them.</param>
    public static ListHead Read(NpgsqlDataReader reader, int first) => new()
    {
        List = new ListRef((ListRole)reader.GetInt16(first), reader.GetString(first + 1)),
        Key = reader.GetInt32(first + 2),
        RowsModified = new ServerTimestamp(reader.GetInt64(first + 3)),
        Touched = new ServerTimestamp(reader.GetInt64(first + 4)),
        Count = reader.GetInt64(first + 5),
        Bytes = reader.GetInt64(first + 6),
        Horizon = new ServerTimestamp(reader.GetInt64(first + 7)),
        NextExpiry = reader.IsDBNull(first + 8) ? null : new ServerTimestamp(reader.GetInt64(first + 8)),
    };
}
