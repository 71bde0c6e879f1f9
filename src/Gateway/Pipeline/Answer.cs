using System.Buffers;
using System.IO.Pipelines;

namespace Lockstep.Gateway.Pipeline;

/// <summary>An answer on its way to the wire.</summary>
public sealed record Answer(int Status)
{
    /// <summary>Those of this answer, the body's type among them; not those that every answer of the protocol has.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Writes the body; null for none.</summary>
    public Action<IBufferWriter<byte>>? Body { get; init; }

    /// <summary>Bytes of <see cref="Body"/>, where that is known before it is written; else null.</summary>
    public long? Length { get; init; }

    /// <summary>Writes a body that has no end known beforehand, instead of <see cref="Body"/>; flushes what is to go out.</summary>
    public Func<PipeWriter, CancellationToken, ValueTask>? Stream { get; init; }

    /// <summary>Bytes of stored data that the body carries, counted against the room for answers; a rough figure is enough.</summary>
    public long Size { get; init; }
}
