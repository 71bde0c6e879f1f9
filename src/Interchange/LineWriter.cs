using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lockstep.Interchange;

/// <summary>Writes lines, each whole, and hashes all but the first.</summary>
internal sealed class LineWriter(Stream output, IncrementalHash hash, long bytes) : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = ExportFormat.MaxDepth };

    private readonly ArrayBufferWriter<byte> buffer = new();
    private Utf8JsonWriter? json;

    /// <summary>Bytes of the file so far.</summary>
    public long Bytes { get; private set; } = bytes;

    /// <summary>SHA-256 of all lines but the first, in hexadecimal digits.</summary>
    public string Digest => Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <summary>Begins a line.</summary>
    public Utf8JsonWriter Begin(string type)
    {
        json ??= new Utf8JsonWriter(buffer, Options);
        json.Reset(buffer);
        json.WriteStartObject();
        json.WriteString("t", type);
        return json;
    }

    /// <summary>Ends the line that was begun, and writes it.</summary>
    /// <param name="isHashed">Whether it counts for <see cref="Digest"/>.</param>
    /// <param name="cancellationToken">Stops before the line.</param>
    public async ValueTask EndAsync(CancellationToken cancellationToken, bool isHashed = true)
    {
        json!.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
        if (isHashed)
        {
            hash.AppendData(buffer.WrittenSpan);
        }

        await output.WriteAsync(buffer.WrittenMemory, cancellationToken);
        Bytes += buffer.WrittenCount;
        buffer.ResetWrittenCount();
    }

    public void Dispose() => json?.Dispose();
}
