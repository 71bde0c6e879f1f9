using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Syncto;

/// <summary>Writes records of Sync as Kinto's: <c>{"id":"a","last_modified":1500,"payload":"…"}</c>, and the weight if there is one.</summary>
internal static class RecordWriter
{
    public static void Write(IBufferWriter<byte> output, StoredRecord record)
    {
        output.Write("{\"id\":"u8);
        JsonOutput.WriteString(output, Encoding.ASCII.GetBytes(record.Id));
        output.Write(",\"last_modified\":"u8);
        output.Write(Encoding.ASCII.GetBytes(record.Modified.ToString()));
        output.Write(",\"payload\":"u8);
        JsonOutput.WriteString(output, record.Body);
        if (record.SortIndex is { } weight)
        {
            output.Write(",\"sortindex\":"u8);
            output.Write(Encoding.ASCII.GetBytes(weight.ToString(CultureInfo.InvariantCulture)));
        }

        output.Write("}"u8);
    }

    /// <summary>The same inside other JSON.</summary>
    public static void Write(Utf8JsonWriter writer, StoredRecord record)
    {
        writer.WriteStartObject();
        writer.WriteString("id", record.Id);
        writer.WriteNumber("last_modified", record.Modified.Milliseconds);
        writer.WriteString("payload", record.Body.Span);
        if (record.SortIndex is { } weight)
        {
            writer.WriteNumber("sortindex", weight);
        }

        writer.WriteEndObject();
    }

    /// <param name="output">The output.</param>
    /// <param name="key">The list's name: <c>data</c>.</param>
    /// <param name="records">The records.</param>
    public static void WriteList(IBufferWriter<byte> output, string key, IReadOnlyList<StoredRecord> records)
    {
        output.Write("{\""u8);
        output.Write(Encoding.ASCII.GetBytes(key));
        output.Write("\":["u8);
        for (var i = 0; i < records.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            Write(output, records[i]);
        }

        output.Write("]}"u8);
    }
}
