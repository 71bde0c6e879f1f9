using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>The events of a stream. HTML, 9.2.5: lines end with LF, an event with an empty line; a line that begins with a colon is a comment.</summary>
internal static class EventWriter
{
    private const int PieceBytes = 16 << 10;

    /// <summary>Says after how long to reconnect, and with which position.</summary>
    public static void WriteHead(PipeWriter output, TimeSpan retry, LivePosition position) =>
        Write(output, string.Create(CultureInfo.InvariantCulture, $"retry: {(long)retry.TotalMilliseconds}\nid: {position}\n\n"));

    /// <summary>Sets the position from which the client continues. By itself it is no event.</summary>
    public static void WriteId(PipeWriter output, LivePosition position) => Write(output, $"id: {position}\n\n");

    public static void WriteHeartbeat(PipeWriter output) => output.Write(":\n\n"u8);

    /// <summary>An object as it is now, or its tombstone.</summary>
    /// <param name="output">Receives the event.</param>
    /// <param name="position">The position from which the client continues once it has this event; null to leave it as it is.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="id">The object's id, as clients see it.</param>
    /// <param name="record">The object.</param>
    /// <param name="fields">The fields to show; null for all.</param>
    public static void WriteChange(PipeWriter output, LivePosition? position, string path, string id, StoredRecord record, FieldSelection? fields)
    {
        WritePosition(output, position);
        WriteData(output, Change(path, id, record, fields).WrittenSpan);
    }

    /// <summary>Like the other overload, for an object that is already rendered.</summary>
    public static void WriteChange(PipeWriter output, LivePosition? position, ReadOnlySpan<byte> rendered)
    {
        WritePosition(output, position);
        output.Write(rendered);
    }

    /// <summary>The data of an object's event, for many streams.</summary>
    public static byte[] Render(string path, string id, StoredRecord record)
    {
        var data = new ArrayBufferWriter<byte>(record.Body.Length + (2 * path.Length) + 192);
        WriteData(data, Change(path, id, record, fields: null).WrittenSpan);
        return data.WrittenSpan.ToArray();
    }

    /// <summary>Tells the client to forget what it has of a list. The list's content follows.</summary>
    public static void WriteReset(PipeWriter output, string path)
    {
        output.Write("event: reset\n"u8);
        WriteData(output, Encoding.UTF8.GetBytes($$"""{"path":"{{path}}"}"""));
    }

    /// <summary>Says that a list or an object cannot be read: the caller may not, or it does not exist.</summary>
    public static void WriteClosed(PipeWriter output, string path, int status)
    {
        output.Write("event: closed\n"u8);
        WriteData(output, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"path":"{{path}}","code":{{status}}}""")));
    }

    /// <summary>The last event: the answer that a request would get now.</summary>
    public static void WriteEnd(PipeWriter output, KintoResponse response)
    {
        var data = new ArrayBufferWriter<byte>();
        response.Body?.Invoke(data);
        output.Write("event: end\n"u8);
        WriteData(output, data.WrittenSpan);
    }

    private static ArrayBufferWriter<byte> Change(string path, string id, StoredRecord record, FieldSelection? fields)
    {
        var data = new ArrayBufferWriter<byte>(record.Body.Length + (2 * path.Length) + 128);
        data.Write("{\"path\":\""u8);
        Write(data, path);
        data.Write("\",\"data\":"u8);
        KintoWriter.WriteData(data, id, record, fields);
        data.Write("}"u8);
        return data;
    }

    private static void WritePosition(PipeWriter output, LivePosition? position)
    {
        if (position is not null)
        {
            Write(output, $"id: {position}\n");
        }
    }

    /// <summary>
    /// Writes JSON on one line. Stored data has the white space with which it was sent. A line break in JSON can only be white space, because texts have to escape it.
    /// </summary>
    private static void WriteData(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        output.Write("data: "u8);
        while (json.Length > 0)
        {
            var piece = json[..Math.Min(json.Length, PieceBytes)];
            var span = output.GetSpan(piece.Length)[..piece.Length];
            piece.CopyTo(span);
            span.Replace((byte)'\n', (byte)' ');
            span.Replace((byte)'\r', (byte)' ');
            output.Advance(piece.Length);
            json = json[piece.Length..];
        }

        output.Write("\n\n"u8);
    }

    private static void Write(IBufferWriter<byte> output, string text)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
