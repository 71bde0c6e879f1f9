using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Http;

/// <summary>Reads a request's body whole, never more than allowed.</summary>
public static class BodyReader
{
    // The server says that a connection is gone right after the read that has found it so.
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(10);

    /// <returns>The status that refuses the body (408 too slow, 413 too large, 400 broken), or 0.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public static async ValueTask<int> ReadAsync(HttpRequest request, PooledBuffer into, int maxBytes, TimeProvider time)
    {
        if (request.ContentLength > maxBytes)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        try
        {
            while (true)
            {
                // Not cancelled: a read ends with its connection, and a cancelled one is in the way when the server reads on.
                var result = await request.BodyReader.ReadAsync(CancellationToken.None);
                var fits = into.Length + result.Buffer.Length <= maxBytes;
                if (fits)
                {
                    foreach (var segment in result.Buffer)
                    {
                        into.Write(segment.Span);
                    }
                }

                request.BodyReader.AdvanceTo(result.Buffer.End);
                if (!fits)
                {
                    return StatusCodes.Status413PayloadTooLarge;
                }

                if (result.IsCompleted)
                {
                    return 0;
                }
            }
        }
        catch (BadHttpRequestException e)
        {
            return e.StatusCode;
        }
        catch (IOException)
        {
            // The connection was reset. Without waiting for the server to know, it would try to read on, and log that it cannot.
            await Task.Delay(Notice, time, request.HttpContext.RequestAborted);
            return StatusCodes.Status400BadRequest;
        }
    }

    /// <summary>How the body is coded. An empty header says that it is not.</summary>
    internal static ContentCoding CodingOf(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToUpperInvariant() switch
    {
        "" or "IDENTITY" => ContentCoding.Identity,
        "GZIP" or "X-GZIP" => ContentCoding.Gzip,
        _ => ContentCoding.Other,
    };

    /// <summary>Whether a body may follow.</summary>
    public static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
}
