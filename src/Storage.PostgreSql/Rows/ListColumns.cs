using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Rows;

/// <summary>A list head's columns, in the one order that all statements use.</summary>
internal static class ListColumns
{
    public const string Names = "role, name, list, rows_modified, touched, count, bytes, horizon, next_expiry, acl";

    /// <summary>The number of columns.</summary>
    public const int Count = 10;

    /// <summary>The same columns of a table with this alias. An ACL counts only for the list that it was written for.</summary>
    public static string From(string table) => string.Join(
        ", ", Names.Split(", ").Select(name => name is "acl" ? $"CASE WHEN {table}.acl_list = {table}.list THEN {table}.acl END" : $"{table}.{name}"));

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
        Acl = reader.IsDBNull(first + 9) ? null : AccessList.Read(reader.GetFieldValue<byte[]>(first + 9)),
    };
}
