using System.Buffers;
using System.Globalization;
using System.Text;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Writes records as clients see them.</summary>
public static class RecordWriter
{
    private static ReadOnlySpan<byte> Id => "{\"id\":"u8;

    private static ReadOnlySpan<byte> Modified => ",\"modified\":"u8;

    private static ReadOnlySpan<byte> Payload => ",\"payload\":"u8;

    private static ReadOnlySpan<byte> SortIndex => ",\"sortindex\":"u8;

    private static ReadOnlySpan<byte> End => "}"u8;

    /// <summary><c>{"id":"a","modified":1.50,"payload":"…"}</c>, and the weight if there is one.</summary>
    public static void Write(IBufferWriter<byte> output, StoredRecord record)
    {
        output.Write(Id);
        WriteId(output, record);
        output.Write(Modified);
        output.Write(Encoding.ASCII.GetBytes(SyncTime.Text(record.Modified)));
        output.Write(Payload);
        JsonOutput.WriteString(output, record.Body);
        if (record.SortIndex is { } weight)
        {
            output.Write(SortIndex);
            output.Write(Encoding.ASCII.GetBytes(weight.ToString(CultureInfo.InvariantCulture)));
        }

        output.Write(End);
    }

    /// <summary>Bytes of what <see cref="Write"/> writes.</summary>
    public static long LengthOf(StoredRecord record) =>
        Id.Length + LengthOfId(record) + Modified.Length + SyncTime.Text(record.Modified).Length
        + Payload.Length + JsonOutput.StringLength(record.Body.Span)
        + (record.SortIndex is { } weight ? SortIndex.Length + weight.ToString(CultureInfo.InvariantCulture).Length : 0) + End.Length;

    /// <summary>Bytes of what <see cref="WriteId"/> writes.</summary>
    public static long LengthOfId(StoredRecord record) => JsonOutput.StringLength(Encoding.ASCII.GetBytes(record.Id));

    /// <summary><c>"a"</c>.</summary>
    public static void WriteId(IBufferWriter<byte> output, StoredRecord record) => JsonOutput.WriteString(output, Encoding.ASCII.GetBytes(record.Id));
}
