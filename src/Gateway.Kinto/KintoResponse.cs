using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>An answer before it is known whether it goes out alone or inside a batch.</summary>
internal sealed record KintoResponse(int Status)
{
    /// <summary>Goes out as ETag and Last-Modified.</summary>
    public ServerTimestamp? Stamp { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Writes the body; null for none.</summary>
    public Action<IBufferWriter<byte>>? Body { get; init; }

    /// <summary>Of <see cref="Body"/>. What is not JSON is text, which a batch tells as a string.</summary>
    public string ContentType { get; init; } = ContentTypes.Json;

    /// <summary>Writes a body that goes on, instead of <see cref="Body"/>; null for none.</summary>
    public Func<PipeWriter, CancellationToken, ValueTask>? Stream { get; init; }

    /// <summary>Bytes of the body, where that is known before it is written; else null.</summary>
    public long? Length { get; init; }

    /// <summary>Tell the client by which words it can sign in.</summary>
    public bool IsChallenge { get; init; }

    /// <summary>The bucket's clock runs ahead: tell the client to slow down.</summary>
    public bool SlowDown { get; init; }

    /// <summary>Bytes of stored data that the body carries; a rough figure is enough.</summary>
    public long Size { get; init; }

    /// <summary>Whether the request was not answered for now, as a rule with nothing of it done.</summary>
    public bool IsUnavailable => Status == StatusCodes.Status503ServiceUnavailable;

    /// <summary>Whether nothing that was asked for may be missing for what follows in a batch, though it was not answered: it was a read that was put off.</summary>
    public bool LeavesNothingUndone { get; init; }

    public KintoResponse With(string header, string value) => this with { Headers = [.. Headers, KeyValuePair.Create(header, value)] };

    public static string ETag(ServerTimestamp stamp) => $"\"{stamp}\"";

    /// <summary>An HTTP date; whole seconds, cut off.</summary>
    public static string LastModified(ServerTimestamp stamp)
    {
        const long largest = 253402300799999;
        var second = Math.Clamp(stamp.Milliseconds, 0, largest) / 1000;

        // Most writes are of the same second as the one before.
        if (lastDate is not { } last || last.Second != second)
        {
            lastDate = last = new HttpDate(second, DateTimeOffset.FromUnixTimeSeconds(second).ToString("R", CultureInfo.InvariantCulture));
        }

        return last.Text;
    }

    private static HttpDate? lastDate;

    private sealed record HttpDate(long Second, string Text);
}
