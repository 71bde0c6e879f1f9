using System.Globalization;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Rows;

/// <summary>A record's columns, in the one order that all statements use.</summary>
internal static class RecordColumns
{
    public const string Names = "id, modified, deleted, body, author, acl, sortindex, expiry";

    /// <summary>The index of the body's column.</summary>
    public const int Body = 3;

    /// <summary>The number of columns.</summary>
    public const int Count = 8;

    /// <summary>A row's ACL; if it is long, <c>#</c> and its length instead, since no ACL begins with that. See <see cref="Projection.Outline"/>.</summary>
    public static readonly string OutlinedAcl = string.Create(
        CultureInfo.InvariantCulture, $"CASE WHEN octet_length(acl) > {StoredRecord.ShortAcl} THEN convert_to('#' || octet_length(acl), 'UTF8') ELSE acl END");

    /// <summary><see cref="Names"/> with null for everything that the projection leaves out, then the body's length if the body is not read.</summary>
    /// <param name="projection">The projection.</param>
    /// <param name="readsAcl">Whether the ACL is read. Only <see cref="Projection.Listed"/> can leave it out.</param>
    public static string Of(Projection projection, bool readsAcl = true) => projection switch
    {
        Projection.Listed when !readsAcl => "id, modified, deleted, body, NULL::text AS author, NULL::bytea AS acl, sortindex, expiry, NULL::integer AS length",
        Projection.Listed => "id, modified, deleted, body, NULL::text AS author, acl, sortindex, expiry, NULL::integer AS length",
        Projection.Metadata => "id, modified, deleted, NULL::bytea AS body, author, acl, sortindex, expiry, octet_length(body) AS length",
        _ => Names + ", NULL::integer AS length",
    };

    /// <summary>Reads a row of a scan. Columns that are empty in such a scan are not read, since a page has many rows.</summary>
    /// <param name="reader">On a row that begins with the columns of <see cref="Of"/>.</param>
    /// <param name="scan">The scan.</param>
    public static StoredRecord Read(NpgsqlDataReader reader, RecordScan scan) =>
        scan.Query.Projection != Projection.Listed || scan.ReadsAcl
            ? Read(reader, 0, hasLength: true)
            : new StoredRecord
            {
                Id = reader.GetString(0),
                Modified = new ServerTimestamp(reader.GetInt64(1)),
                IsTombstone = !scan.IsOfLiveRows && reader.GetBoolean(2),
                Body = reader.GetFieldValue<byte[]>(Body),
                SortIndex = reader.IsDBNull(6) ? null : reader.GetInt32(6),
                Expiry = reader.IsDBNull(7) ? null : new ServerTimestamp(reader.GetInt64(7)),
            };

    /// <param name="reader">On a row whose columns are <see cref="Names"/>.</param>
    /// <param name="first">Index of the first of them.</param>
    /// <param name="hasLength">Whether the length of a body that was not read follows.</param>
    public static StoredRecord Read(NpgsqlDataReader reader, int first = 0, bool hasLength = false)
    {
        // 0.1.0 wrote an empty ACL if there was none.
        var acl = reader.IsDBNull(first + 5) || reader.GetFieldValue<byte[]>(first + 5) is not { Length: > 0 } text ? null : text;
        var isOutlined = acl is [(byte)'#', ..];
        return new StoredRecord
        {
            Id = reader.GetString(first),
            Modified = new ServerTimestamp(reader.GetInt64(first + 1)),
            IsTombstone = reader.GetBoolean(first + 2),
            Body = hasLength && reader.IsDBNull(first + Body) ? default(ReadOnlyMemory<byte>) : reader.GetFieldValue<byte[]>(first + Body),
            UnreadLength = hasLength && !reader.IsDBNull(first + Count) ? reader.GetInt32(first + Count) : null,
            Author = reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
            Acl = acl is null || isOutlined ? default(ReadOnlyMemory<byte>?) : acl,
            UnreadAclLength = isOutlined ? int.Parse(acl.AsSpan(1), CultureInfo.InvariantCulture) : null,
            SortIndex = reader.IsDBNull(first + 6) ? null : reader.GetInt32(first + 6),
            Expiry = reader.IsDBNull(first + 7) ? null : new ServerTimestamp(reader.GetInt64(first + 7)),
        };
    }
}
