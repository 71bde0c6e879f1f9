using System.Buffers;
using System.IO.Pipelines;

namespace Lockstep.Gateway.Pipeline;

/// <summary>An answer to be sent.</summary>
public sealed record Answer(int Status)
{
    /// <summary>The headers of this answer, including its content type. Headers that every answer of the protocol carries are not among them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Writes the body; null for none.</summary>
    public Action<IBufferWriter<byte>>? Body { get; init; }

    /// <summary>Bytes of <see cref="Body"/>, if they are known before it is written; otherwise null.</summary>
    public long? Length { get; init; }

    /// <summary>Writes a body of unknown length, instead of <see cref="Body"/>. It flushes what is to be sent.</summary>
    public Func<PipeWriter, CancellationToken, ValueTask>? Stream { get; init; }

    /// <summary>Sends <see cref="Stream"/> over a WebSocket, which the request asks to become and can become; null to send it as a body.</summary>
    public SocketAnswer? Socket { get; init; }

    /// <summary>Bytes of stored data that the body carries, counted against the room for answers; a rough figure is enough.</summary>
    public long Size { get; init; }
}
