using System.Data.Common;
using Lockstep.Core.Records;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>A row of <c>lists</c>.</summary>
/// <param name="Bucket">The key of its bucket.</param>
/// <param name="Role">Its role.</param>
/// <param name="Name">Its name.</param>
/// <param name="Key">The key of its rows; zero: it does not exist.</param>
/// <param name="RowsModified">The stamp of its rows.</param>
/// <param name="Touched">The stamp of the last write to it.</param>
/// <param name="Count">Its live records.</param>
/// <param name="Bytes">Bytes of their bodies, or of the files.</param>
/// <param name="Horizon">The stamp before which there is no history.</param>
/// <param name="NextExpiry">The time before which no record expires.</param>
/// <param name="Acl">The permissions of its object, if they count.</param>
internal sealed record ListRow(
    long Bucket, ListRole Role, string Name, int Key, long RowsModified, long Touched, long Count, long Bytes, long Horizon, long? NextExpiry, byte[]? Acl)
{
    public const string Columns = "bucket, role, name, list, rows_modified, touched, count, bytes, horizon, next_expiry, CASE WHEN acl_list = list THEN acl END";

    /// <summary>The name of the list, for people.</summary>
    public string Text => Role switch
    {
        ListRole.Records => $"collection '{Name}'",
        ListRole.Self => "its own object",
        ListRole.Collections => "its collections",
        ListRole.Groups => "its groups",
        ListRole.Files => $"files of collection '{Name}'",
        ListRole.Former => $"earlier states of collection '{Name}'",
        ListRole.History => "its history",
        _ => $"list {(int)Role} '{Name}'",
    };

    public static ListRow Read(DbDataReader reader) => new(
        reader.Number(0), (ListRole)reader.Number(1), reader.GetString(2), (int)reader.Number(3), reader.Number(4), reader.Number(5), reader.Number(6), reader.Number(7),
        reader.Number(8), reader.IsDBNull(9) ? null : reader.Number(9), reader.IsDBNull(10) ? null : (byte[])reader.GetValue(10));
}
