using System.Buffers;
using System.Globalization;
using System.Text;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Writes records as clients see them.</summary>
public static class RecordWriter
{
    /// <summary><c>{"id":"a","modified":1.50,"payload":"…"}</c>, and the weight if there is one.</summary>
    public static void Write(IBufferWriter<byte> output, StoredRecord record)
    {
        output.Write("{\"id\":"u8);
        WriteId(output, record);
        output.Write(",\"modified\":"u8);
        output.Write(Encoding.ASCII.GetBytes(SyncTime.Text(record.Modified)));
        output.Write(",\"payload\":"u8);
        JsonOutput.WriteString(output, record.Body);
        if (record.SortIndex is { } weight)
        {
            output.Write(",\"sortindex\":"u8);
            output.Write(Encoding.ASCII.GetBytes(weight.ToString(CultureInfo.InvariantCulture)));
        }

        output.Write("}"u8);
    }

    /// <summary><c>"a"</c>.</summary>
    public static void WriteId(IBufferWriter<byte> output, StoredRecord record) => JsonOutput.WriteString(output, Encoding.ASCII.GetBytes(record.Id));
}
