using System.Buffers;
using System.IO.Pipelines;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// Sends answers. Large answers and streams are sent piece by piece, and each piece has to leave in time. Headers that the response already
/// has are kept.
/// </summary>
/// <remarks>
/// The HTTP server's minimum rate applies to everything written so far: it would wait for hours for a large answer that was written at once.
/// </remarks>
public sealed class AnswerWriter(Drain drain, HttpOptions http, GatewayMetrics metrics, TimeProvider time)
{
    private const int PieceBytes = 32 << 10;

    public async Task WriteAsync(HttpContext context, Answer answer, CancellationToken cancellationToken)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        if (answer is { Socket: { } socket, Stream: { } events })
        {
            await new SocketWriter(context, socket, http, metrics, time).RunAsync(events, cancellationToken);
            return;
        }

        var headers = context.Response.Headers;
        context.Response.StatusCode = answer.Status;
        if (drain.IsDraining)
        {
            headers.Connection = "close";
        }

        foreach (var (name, value) in answer.Headers)
        {
            headers.Append(name, value);
        }

        if (answer.Stream is { } stream)
        {
            if (context.Request.Method is not "HEAD")
            {
                await stream(new PacedOutput(context.Response.BodyWriter, givenUp => FlushAsync(context, givenUp)), cancellationToken);
            }

            return;
        }

        var isHead = context.Request.Method is "HEAD";
        if (answer.Body is null)
        {
            // The length of a body that a HEAD answer leaves out is not known here.
            if (!isHead && answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
            {
                headers.ContentLength = 0;
            }

            return;
        }

        if (answer.Length is { } length && (isHead || length <= PieceBytes))
        {
            // Straight into the connection's buffers, which exist once the response has started.
            headers.ContentLength = length;
            if (!isHead)
            {
                await context.Response.StartAsync(cancellationToken);
                answer.Body(context.Response.BodyWriter);
                await FlushAsync(context, cancellationToken);
            }

            return;
        }

        using var buffer = new AnswerBuffer();
        answer.Body(buffer);
        headers.ContentLength = buffer.Length;
        if (isHead)
        {
            return;
        }

        var unflushed = 0;
        foreach (var stretch in buffer.Written)
        {
            for (var rest = stretch; rest.Length > 0;)
            {
                var piece = rest[..Math.Min(PieceBytes - unflushed, rest.Length)];
                context.Response.BodyWriter.Write(piece.Span);
                (rest, unflushed) = (rest[piece.Length..], unflushed + piece.Length);
                if (unflushed == PieceBytes)
                {
                    await FlushAsync(context, cancellationToken);
                    unflushed = 0;
                }
            }
        }

        await FlushAsync(context, cancellationToken);
    }

    /// <summary>Waits until the connection takes more.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or has stopped reading and was cut off.</exception>
    private ValueTask<FlushResult> FlushAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var flush = context.Response.BodyWriter.FlushAsync(cancellationToken);
        return flush.IsCompleted || http.AnswerStallTime == TimeSpan.Zero ? flush : InTimeAsync(context, flush, cancellationToken);
    }

    private async ValueTask<FlushResult> InTimeAsync(HttpContext context, ValueTask<FlushResult> flush, CancellationToken cancellationToken)
    {
        var flushed = flush.AsTask();
        try
        {
            return await flushed.WaitAsync(http.AnswerStallTime, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It may have finished at this very moment.
            if (flushed.IsCompleted)
            {
                return await flushed;
            }

            metrics.AnswerStalled();
            context.Abort();
            throw new OperationCanceledException("The client does not read.", new ConnectionAbortedException());
        }
    }
}
