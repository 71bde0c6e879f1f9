using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Gateway.Pipeline;

/// <summary>The output of a connection, on which one answer can replace the server's own.</summary>
internal sealed class ConnectionOutput(PipeWriter inner) : PipeWriter
{
    // Receives what is not sent; null while everything is sent.
    private byte[]? nowhere;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <summary>Inserts itself between the server and a connection, and adds itself to the connection's features.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => connection =>
    {
        var output = new ConnectionOutput(connection.Transport.Output);
        connection.Features.Set(output);
        connection.Transport = new Pipes(connection.Transport.Input, output);
        return next(connection);
    };

    /// <summary>Writes the last answer of the connection. Anything that the server writes later is dropped. The answer is sent with the server's next flush.</summary>
    public void End(ReadOnlySpan<byte> answer)
    {
        inner.Write(answer);
        nowhere = new byte[4096];
    }

    public override void Advance(int bytes)
    {
        if (nowhere is null)
        {
            inner.Advance(bytes);
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => nowhere is null ? inner.GetMemory(sizeHint) : Nowhere(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => nowhere is null ? inner.GetSpan(sizeHint) : Nowhere(sizeHint);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        nowhere is null ? inner.WriteAsync(source, cancellationToken) : inner.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private byte[] Nowhere(int sizeHint) => nowhere = nowhere!.Length < sizeHint ? new byte[sizeHint] : nowhere;

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
