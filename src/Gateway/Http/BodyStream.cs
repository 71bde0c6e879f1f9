using System.Buffers;

namespace Lockstep.Gateway.Http;

/// <summary>A request's body for a handler that reads it itself, as it arrives. It must make steady progress, like one that is read whole.</summary>
/// <param name="request">The request.</param>
/// <param name="minBytesPerSecond">Slower is too slow, measured over half a minute whatever came before; 0 for no limit.</param>
/// <param name="time">The clock.</param>
public sealed class BodyStream(HttpRequest request, double minBytesPerSecond, TimeProvider time) : Stream
{
    private readonly BodyPace pace = new(request.BodyReader, minBytesPerSecond, BodyReader.Pace, time);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="BadHttpRequestException">It arrives too slowly (408), is too long (413), or broke off (400).</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                var result = await pace.ReadAsync();
                if (result.IsCanceled)
                {
                    request.BodyReader.AdvanceTo(result.Buffer.Start);
                    throw new BadHttpRequestException("The body arrived too slowly.", StatusCodes.Status408RequestTimeout);
                }

                var some = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
                var length = (int)some.Length;
                some.CopyTo(buffer.Span);
                request.BodyReader.AdvanceTo(some.End);
                if (length > 0 || result.IsCompleted)
                {
                    return length;
                }
            }
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            await Task.Delay(BodyReader.Notice, time, request.HttpContext.RequestAborted);
            throw new BadHttpRequestException("The body broke off.", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
