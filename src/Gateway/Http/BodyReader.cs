using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Http;

/// <summary>Reads a request's body whole, never more than allowed.</summary>
public static class BodyReader
{
    /// <returns>The status that refuses the body (408 too slow, 413 too large, 400 broken), or 0.</returns>
    public static async ValueTask<int> ReadAsync(HttpRequest request, PooledBuffer into, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        try
        {
            while (true)
            {
                var result = await request.BodyReader.ReadAsync(cancellationToken);
                foreach (var segment in result.Buffer)
                {
                    if (into.Length + segment.Length > maxBytes)
                    {
                        return StatusCodes.Status413PayloadTooLarge;
                    }

                    into.Write(segment.Span);
                }

                request.BodyReader.AdvanceTo(result.Buffer.End);
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
            // Broken chunks, or a client that went away in the middle.
            return StatusCodes.Status400BadRequest;
        }
    }

    /// <summary>Whether a body may follow.</summary>
    public static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
}
