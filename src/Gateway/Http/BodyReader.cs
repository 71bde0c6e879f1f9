using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Http;

/// <summary>Reads a request's whole body, up to its limit, and holds no more memory than the bytes received need.</summary>
public static class BodyReader
{
    /// <summary>Bytes that are reserved before the first byte arrives.</summary>
    public const int FirstStep = 4096;

    // Something has to arrive in each of these. A phone in a tunnel is silent for longer than resending a lost packet takes.
    internal static readonly TimeSpan Pace = TimeSpan.FromSeconds(30);

    // Kestrel reports a closed connection only after the read that found it.
    internal static readonly TimeSpan Notice = TimeSpan.FromSeconds(10);

    /// <param name="request">The request.</param>
    /// <param name="into">Empty, with the capacity that <paramref name="room"/> holds already.</param>
    /// <param name="room">Gives more room as more arrives.</param>
    /// <param name="maxBytes">The maximal length in bytes.</param>
    /// <param name="minBytesPerSecond">Slower is too slow, measured over half a minute whatever came before; 0 for no limit.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The status that refuses the body (408 too slow, 413 too large, 503 no room, 400 broken), or 0.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public static async ValueTask<int> ReadAsync(
        HttpRequest request, PooledBuffer into, BodyRoom room, int maxBytes, double minBytesPerSecond, TimeProvider time)
    {
        if (request.ContentLength > maxBytes)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        var pace = new BodyPace(request.BodyReader, minBytesPerSecond, Pace, time);
        try
        {
            while (true)
            {
                var result = await pace.ReadAsync();
                var length = into.Length + result.Buffer.Length;
                var status = result.IsCanceled ? StatusCodes.Status408RequestTimeout
                    : length > maxBytes ? StatusCodes.Status413PayloadTooLarge
                    : !TryGrow(into, room, (int)length, (int)(request.ContentLength ?? maxBytes)) ? StatusCodes.Status503ServiceUnavailable
                    : 0;
                if (status == 0)
                {
                    foreach (var segment in result.Buffer)
                    {
                        into.Write(segment.Span);
                    }
                }

                request.BodyReader.AdvanceTo(result.Buffer.End);
                if (status > 0 || result.IsCompleted)
                {
                    return status;
                }
            }
        }
        catch (BadHttpRequestException e)
        {
            return e.StatusCode;
        }
        catch (IOException)
        {
            // The connection was reset. Unless we wait for the server to notice, it tries to read on and logs that it cannot.
            await Task.Delay(Notice, time, request.HttpContext.RequestAborted);
            return StatusCodes.Status400BadRequest;
        }
    }

    /// <summary>Grows in steps that double, so that never more than twice the received bytes are held.</summary>
    private static bool TryGrow(PooledBuffer into, BodyRoom room, int needed, int most)
    {
        if (needed <= into.Capacity)
        {
            return true;
        }

        var capacity = PooledBuffer.CapacityFor((int)Math.Max(needed, Math.Min(2L * into.Capacity, most)));
        if (!room.TryHold(capacity - into.Capacity))
        {
            return false;
        }

        into.Grow(capacity);
        return true;
    }

    /// <summary>The body's coding. An empty header means none.</summary>
    internal static ContentCoding CodingOf(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToUpperInvariant() switch
    {
        "" or "IDENTITY" => ContentCoding.Identity,
        "GZIP" or "X-GZIP" => ContentCoding.Gzip,
        _ => ContentCoding.Other,
    };

    /// <summary>Whether the request may have a body.</summary>
    public static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
}
