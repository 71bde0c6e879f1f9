using System.Buffers.Text;
using System.Buffers;
using System.Text.Json;
using System.Text;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Writes objects. Stored bodies are copied, never parsed: <c>id</c> and <c>last_modified</c> are put before them. Ids and
/// principals consist of letters, digits and <c>_-+.@:</c>, so they need no escapes.
/// </summary>
internal static class KintoWriter
{
    // The text before a record's own fields, without its id.
    private const int MaxHeadBytes = 64;

    public static void WriteObject(IBufferWriter<byte> output, string id, StoredRecord record, FieldSelection? fields, string? writer)
    {
        output.Write("{\"data\":"u8);
        WriteData(output, id, record, fields);
        WritePermissions(output, record, writer);
        output.Write("}"u8);
    }

    public static void WriteList(IBufferWriter<byte> output, IReadOnlyList<StoredRecord> records, FieldSelection? fields)
    {
        output.Write("{\"data\":["u8);
        for (var i = 0; i < records.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            WriteData(output, records[i].Id, records[i], fields);
        }

        output.Write("]}"u8);
    }

    /// <summary>The bytes that <see cref="WriteObject"/> writes if all fields are wanted.</summary>
    public static long ObjectLength(string id, StoredRecord record, string? writer) =>
        "{\"data\":"u8.Length + DataLength(id, record) + "}"u8.Length
        + (writer is null ? 0 : ",\"permissions\":{\"write\":[\""u8.Length + Encoding.UTF8.GetByteCount(writer) + "\"]}"u8.Length);

    /// <summary>The bytes that <see cref="WriteList"/> writes if all fields are wanted.</summary>
    public static long ListLength(IReadOnlyList<StoredRecord> records)
    {
        long length = "{\"data\":["u8.Length + Math.Max(records.Count - 1, 0) + "]}"u8.Length;
        for (var i = 0; i < records.Count; i++)
        {
            length += DataLength(records[i].Id, records[i]);
        }

        return length;
    }

    public static void WriteData(IBufferWriter<byte> output, string id, StoredRecord record, FieldSelection? fields)
    {
        // In one piece: a list has many of them, and each call of the output costs as much as the bytes it writes.
        var span = output.GetSpan(MaxHeadBytes + Encoding.UTF8.GetMaxByteCount(id.Length));
        var end = 0;
        Append(span, ref end, "{\"id\":\""u8);
        end += Encoding.UTF8.GetBytes(id, span[end..]);
        Append(span, ref end, "\",\"last_modified\":"u8);
        Utf8Formatter.TryFormat(record.Modified.Milliseconds, span[end..], out var written);
        end += written;
        if (record.IsTombstone)
        {
            Append(span, ref end, ",\"deleted\":true}"u8);
            output.Advance(end);
            return;
        }

        var body = fields?.Apply(record.Body) ?? record.Body;
        if (body.Length > 2)
        {
            Append(span, ref end, ","u8);
        }

        output.Advance(end);
        output.WriteStored(body[1..]);
    }

    private static void Append(Span<byte> into, ref int end, ReadOnlySpan<byte> text)
    {
        text.CopyTo(into[end..]);
        end += text.Length;
    }

    private static long DataLength(string id, StoredRecord record)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(record.Modified.Milliseconds, digits, out var stamp);
        var head = "{\"id\":\""u8.Length + Encoding.UTF8.GetByteCount(id) + "\",\"last_modified\":"u8.Length + stamp;
        return head + (record.IsTombstone ? ",\"deleted\":true}"u8.Length : record.Body.Length > 2 ? record.Body.Length : record.Body.Length - 1);
    }

    /// <param name="output">Receives the JSON.</param>
    /// <param name="record">The object with its permissions; without any, only the caller may write it.</param>
    /// <param name="writer">The caller; null to leave out permissions if the object has none.</param>
    public static void WritePermissions(IBufferWriter<byte> output, StoredRecord record, string? writer)
    {
        if (!record.IsTombstone && AccessList.Read(record.Acl) is { } access)
        {
            WritePermissions(output, access);
        }
        else if (writer is not null)
        {
            output.Write(",\"permissions\":{\"write\":[\""u8);
            WriteText(output, writer);
            output.Write("\"]}"u8);
        }
    }

    private static void WritePermissions(IBufferWriter<byte> output, AccessList access)
    {
        output.Write(",\"permissions\":"u8);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        WriteRights(json, access);
        json.WriteEndObject();
    }

    /// <summary>The members of an object's permissions, without rights that nobody has.</summary>
    public static void WriteRights(Utf8JsonWriter json, AccessList access)
    {
        foreach (var right in Enum.GetValues<Right>())
        {
            if (access[right] is { Count: > 0 } principals)
            {
                json.WriteStartArray(PermissionNames.Of(right));
                foreach (var principal in principals.Select(PrincipalText.Public).Distinct(StringComparer.Ordinal))
                {
                    json.WriteStringValue(principal);
                }

                json.WriteEndArray();
            }
        }
    }

    private static void WriteText(IBufferWriter<byte> output, string text)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
