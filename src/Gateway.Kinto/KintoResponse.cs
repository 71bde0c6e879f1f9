using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto;

/// <summary>An answer that can be sent alone or inside a batch.</summary>
internal sealed record KintoResponse(int Status)
{
    /// <summary>Sent as ETag and Last-Modified.</summary>
    public ServerTimestamp? Stamp { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Writes the body; null for none.</summary>
    public Action<IBufferWriter<byte>>? Body { get; init; }

    /// <summary>The type of <see cref="Body"/>. Anything but JSON is text, which a batch shows as a string.</summary>
    public string ContentType { get; init; } = ContentTypes.Json;

    /// <summary>Writes a streamed body, instead of <see cref="Body"/>; null for none.</summary>
    public Func<PipeWriter, CancellationToken, ValueTask>? Stream { get; init; }

    /// <summary>Sends <see cref="Stream"/> over a WebSocket; null to send it as a body.</summary>
    public SocketAnswer? Socket { get; init; }

    /// <summary>Bytes of the body, if they are known before it is written; otherwise null.</summary>
    public long? Length { get; init; }

    /// <summary>Whether to tell the client how it can sign in.</summary>
    public bool IsChallenge { get; init; }

    /// <summary>Whether to tell the client to slow down, because the bucket's clock is ahead.</summary>
    public bool SlowDown { get; init; }

    /// <summary>Bytes of stored data that the body carries; a rough figure is enough.</summary>
    public long Size { get; init; }

    /// <summary>Whether the request could not be answered now; usually nothing of it was done.</summary>
    public bool IsUnavailable => Status == StatusCodes.Status503ServiceUnavailable;

    /// <summary>Whether later parts of a batch can go on although this one was not answered: it was a read that was refused for now.</summary>
    public bool LeavesNothingUndone { get; init; }

    public KintoResponse With(string header, string value) => this with { Headers = [.. Headers, KeyValuePair.Create(header, value)] };

    public static string ETag(ServerTimestamp stamp) => $"\"{stamp}\"";

    /// <summary>An HTTP date, cut to whole seconds.</summary>
    public static string LastModified(ServerTimestamp stamp)
    {
        const long largest = 253402300799999;
        var second = Math.Clamp(stamp.Milliseconds, 0, largest) / 1000;

        // Most writes fall in the same second as the one before.
        if (lastDate is not { } last || last.Second != second)
        {
            lastDate = last = new HttpDate(second, DateTimeOffset.FromUnixTimeSeconds(second).ToString("R", CultureInfo.InvariantCulture));
        }

        return last.Text;
    }

    private static HttpDate? lastDate;

    private sealed record HttpDate(long Second, string Text);
}
