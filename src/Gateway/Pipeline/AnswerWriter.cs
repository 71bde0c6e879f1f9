using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Pipeline;

/// <summary>Puts answers on the wire. Headers that the response has already stay.</summary>
public sealed class AnswerWriter(Drain drain)
{
    public async Task WriteAsync(HttpContext context, Answer answer, CancellationToken cancellationToken)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
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
                await stream(context.Response.BodyWriter, cancellationToken);
            }

            return;
        }

        var isHead = context.Request.Method is "HEAD";
        if (answer.Body is null)
        {
            // Of what HEAD leaves out nothing is known here.
            if (!isHead && answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
            {
                headers.ContentLength = 0;
            }

            return;
        }

        if (answer.Length is { } length)
        {
            // Straight into the connection's buffers, which are there once the response has begun.
            headers.ContentLength = length;
            if (!isHead)
            {
                await context.Response.StartAsync(cancellationToken);
                answer.Body(context.Response.BodyWriter);
                await context.Response.BodyWriter.FlushAsync(cancellationToken);
            }

            return;
        }

        using var buffer = PooledBuffer.For(answer.Size);
        answer.Body(buffer);
        headers.ContentLength = buffer.Length;
        if (!isHead)
        {
            await context.Response.BodyWriter.WriteAsync(buffer.Written, cancellationToken);
        }
    }
}
