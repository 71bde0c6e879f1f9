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

    private const int Count = 8;

    /// <summary><see cref="Names"/>, with what the projection leaves out as null, then the body's length where it is not read.</summary>
    public static string Of(Projection projection) => projection switch
    {
        Projection.Listed => "id, modified, deleted, body, NULL::text AS author, acl, sortindex, expiry, NULL::integer AS length",
        Projection.Metadata => "id, modified, deleted, NULL::bytea AS body, author, acl, sortindex, expiry, octet_length(body) AS length",
        _ => Names + ", NULL::integer AS length",
    };

    /// <param name="reader">On a row whose columns are <see cref="Names"/>.</param>
    /// <param name="first">Index of the first of them.</param>
    /// <param name="hasLength">Whether the length of a body that was not read follows.</param>
    public static StoredRecord Read(NpgsqlDataReader reader, int first = 0, bool hasLength = false) => new()
    {
        Id = reader.GetString(first),
        Modified = new ServerTimestamp(reader.GetInt64(first + 1)),
        IsTombstone = reader.GetBoolean(first + 2),
        Body = hasLength && reader.IsDBNull(first + Body) ? default(ReadOnlyMemory<byte>) : reader.GetFieldValue<byte[]>(first + Body),
        UnreadLength = hasLength && !reader.IsDBNull(first + Count) ? reader.GetInt32(first + Count) : null,
        Author = reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
        Acl = reader.IsDBNull(first + 5) ? default(ReadOnlyMemory<byte>?) : reader.GetFieldValue<byte[]>(first + 5),
        SortIndex = reader.IsDBNull(first + 6) ? null : reader.GetInt32(first + 6),
        Expiry = reader.IsDBNull(first + 7) ? null : new ServerTimestamp(reader.GetInt64(first + 7)),
    };
}
