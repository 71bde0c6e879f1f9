using System.IO.Pipelines;

namespace Lockstep.Gateway.Pipeline;

/// <summary>The output of a stream. Each flush waits for the connection no longer than for an answer.</summary>
/// <param name="inner">The connection's output.</param>
/// <param name="flush">Flushes it.</param>
internal sealed class PacedOutput(PipeWriter inner, Func<CancellationToken, ValueTask<FlushResult>> flush) : PipeWriter
{
    private long unflushed;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => unflushed;

    public override void Advance(int bytes)
    {
        inner.Advance(bytes);
        unflushed += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        unflushed = 0;
        return flush(cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
