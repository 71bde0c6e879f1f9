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

    /// <summary>After how long to come back, and from where.</summary>
    public static void WriteHead(PipeWriter output, TimeSpan retry, LivePosition position) =>
        Write(output, string.Create(CultureInfo.InvariantCulture, $"retry: {(long)retry.TotalMilliseconds}\nid: {position}\n\n"));

    /// <summary>By itself it is no event: only where the client goes on from is set.</summary>
    public static void WriteId(PipeWriter output, LivePosition position) => Write(output, $"id: {position}\n\n");

    public static void WriteHeartbeat(PipeWriter output) => output.Write(":\n\n"u8);

    /// <summary>An object as it is now, or its tombstone.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="position">Where the client goes on from once it has this; null to leave that as it is.</param>
    /// <param name="path">The object's.</param>
    /// <param name="id">The object's, as clients see it.</param>
    /// <param name="record">The object.</param>
    /// <param name="fields">What is shown of it; null for all.</param>
    public static void WriteChange(PipeWriter output, LivePosition? position, string path, string id, StoredRecord record, FieldSelection? fields)
    {
        WritePosition(output, position);
        WriteData(output, Change(path, id, record, fields).WrittenSpan);
    }

    /// <summary>As the other one, of an object whose data is rendered already.</summary>
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

    /// <summary>The client forgets what it has of a list; what there is follows.</summary>
    public static void WriteReset(PipeWriter output, string path)
    {
        output.Write("event: reset\n"u8);
        WriteData(output, Encoding.UTF8.GetBytes($$"""{"path":"{{path}}"}"""));
    }

    /// <summary>A list, or an object, that cannot be read: it is not the caller's to read, or not there.</summary>
    public static void WriteClosed(PipeWriter output, string path, int status)
    {
        output.Write("event: closed\n"u8);
        WriteData(output, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"path":"{{path}}","code":{{status}}}""")));
    }

    /// <summary>The last event: what a request would be answered by now.</summary>
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
    /// JSON on one line. Stored data is as it was sent, with whatever blanks; a line break in JSON is one of these, since in texts it has to be escaped.
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
