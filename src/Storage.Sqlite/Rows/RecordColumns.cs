using System.Globalization;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Rows;

/// <summary>A record's columns, in the one order that all statements use.</summary>
internal static class RecordColumns
{
    public const string Names = "id, modified, deleted, body, author, acl, sortindex, expiry";

    // A long ACL is replaced by "#" and its length, since no ACL begins with that.
    private static readonly string Outlined = string.Create(
        CultureInfo.InvariantCulture, $"CASE WHEN length(acl) > {StoredRecord.ShortAcl} THEN CAST('#' || length(acl) AS BLOB) ELSE acl END");

    /// <summary><see cref="Names"/> with null for everything that the projection leaves out. If the body is not read, its length is in its place.</summary>
    /// <param name="projection">The projection.</param>
    /// <param name="readsAcl">Whether the ACL is read. Only <see cref="Projection.Listed"/> can leave it out.</param>
    public static string Of(Projection projection, bool readsAcl = true) => projection switch
    {
        Projection.Listed when !readsAcl => "id, modified, deleted, body, NULL, NULL, sortindex, expiry",
        Projection.Listed => "id, modified, deleted, body, NULL, acl, sortindex, expiry",
        Projection.Metadata => "id, modified, deleted, length(body), author, acl, sortindex, expiry",
        Projection.Outline => $"id, modified, deleted, length(body), author, {Outlined}, sortindex, expiry",
        _ => Names,
    };

    /// <param name="reader">On a row whose columns are <see cref="Names"/>.</param>
    /// <param name="first">Index of the first of them.</param>
    /// <param name="projection">The projection with which the row was read.</param>
    public static StoredRecord Read(SqliteDataReader reader, int first = 0, Projection projection = Projection.Whole)
    {
        var hasBody = projection is not (Projection.Metadata or Projection.Outline);

        // 0.1.0 wrote an empty ACL if there was none.
        var acl = reader.IsDBNull(first + 5) || reader.GetFieldValue<byte[]>(first + 5) is not { Length: > 0 } text ? null : text;
        var isOutlined = acl is [(byte)'#', ..];
        return new StoredRecord
        {
            Id = reader.GetString(first),
            Modified = new ServerTimestamp(reader.GetInt64(first + 1)),
            IsTombstone = reader.GetInt64(first + 2) != 0,
            Body = hasBody ? reader.GetFieldValue<byte[]>(first + 3) : default(ReadOnlyMemory<byte>),
            UnreadLength = hasBody ? null : reader.GetInt32(first + 3),
            Author = reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
            Acl = acl is null || isOutlined ? default(ReadOnlyMemory<byte>?) : acl,
            UnreadAclLength = isOutlined ? int.Parse(acl.AsSpan(1), CultureInfo.InvariantCulture) : null,
            SortIndex = reader.IsDBNull(first + 6) ? null : reader.GetInt32(first + 6),
            Expiry = reader.IsDBNull(first + 7) ? null : new ServerTimestamp(reader.GetInt64(first + 7)),
        };
    }
}
