using System.Buffers;
using System.IO.Pipelines;

namespace Lockstep.Gateway.Pipeline;

/// <summary>The output of a stream that goes over a WebSocket: each flush sends what was written since the one before, and waits until the connection has taken it.</summary>
/// <param name="send">Sends a message.</param>
/// <param name="messages">As of <see cref="SocketAnswer"/>.</param>
internal sealed class SocketOutput(
    Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> send, Func<ReadOnlyMemory<byte>, IEnumerable<ReadOnlyMemory<byte>>> messages) : PipeWriter
{
    // A longer one, for a long event, is not kept.
    private const int KeptBytes = 64 << 10;

    private ArrayBufferWriter<byte> written = new();

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => written.WrittenCount;

    public override void Advance(int bytes) => written.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => written.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => written.GetSpan(sizeHint);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        foreach (var message in messages(written.WrittenMemory))
        {
            await send(message, cancellationToken);
        }

        if (written.Capacity > KeptBytes)
        {
            written = new ArrayBufferWriter<byte>();
        }
        else
        {
            written.ResetWrittenCount();
        }

        return default;
    }

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }
}
