using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Rows;

/// <summary>A list head's columns, in the one order that all statements use.</summary>
internal static class ListColumns
{
    public const string Names = "role, name, list, rows_modified, touched, count, bytes, horizon, next_expiry, iif(acl_list = list, acl, NULL)";

    /// <summary>The columns as they are written, with the list that the ACL is for.</summary>
    public const string Written = "role, name, list, rows_modified, touched, count, bytes, horizon, next_expiry, acl, acl_list";

    public static ListHead Read(SqliteDataReader reader) => new()
    {
        List = new ListRef((ListRole)reader.GetInt64(0), reader.GetString(1)),
        Key = reader.GetInt32(2),
        RowsModified = new ServerTimestamp(reader.GetInt64(3)),
        Touched = new ServerTimestamp(reader.GetInt64(4)),
        Count = reader.GetInt64(5),
        Bytes = reader.GetInt64(6),
        Horizon = new ServerTimestamp(reader.GetInt64(7)),
        NextExpiry = reader.IsDBNull(8) ? null : new ServerTimestamp(reader.GetInt64(8)),
        Acl = reader.IsDBNull(9) ? null : AccessList.Read(reader.GetFieldValue<byte[]>(9)),
    };
}
