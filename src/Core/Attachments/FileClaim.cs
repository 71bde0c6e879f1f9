using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Attachments;

/// <summary>
/// The form of rows of <see cref="ListRole.Files"/>, whose id is that of the file: <c>{"record": …, "bytes": …, "file": …}</c>, with what the record says of the
/// file.
/// </summary>
internal static class FileClaim
{
    /// <param name="record">The id of the record that has the file.</param>
    /// <param name="bytes">Of the file's content.</param>
    /// <param name="member">What the record says of the file, in JSON.</param>
    public static ReadOnlyMemory<byte> Write(string record, long bytes, ReadOnlyMemory<byte> member)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("record", record);
        writer.WriteNumber("bytes", bytes);
        writer.WritePropertyName("file");
        writer.WriteRawValue(member.Span, skipInputValidation: true);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenMemory.ToArray();
    }

    /// <summary>Bytes of the file's content.</summary>
    public static long BytesOf(ReadOnlyMemory<byte> claim)
    {
        using var document = JsonText.ParseAgain(claim);
        return document.RootElement.GetProperty("bytes"u8).GetInt64();
    }

    /// <summary>Whether a record may say so of a file.</summary>
    /// <param name="claim">The file's row.</param>
    /// <param name="record">The record's id.</param>
    /// <param name="member">What it says.</param>
    public static bool Covers(ReadOnlyMemory<byte> claim, string record, ReadOnlyMemory<byte> member)
    {
        using var document = JsonText.ParseAgain(claim);
        using var said = JsonText.ParseAgain(member);
        return document.RootElement.GetProperty("record"u8).ValueEquals(record)
            && JsonEquality.Same(document.RootElement.GetProperty("file"u8), said.RootElement);
    }
}
