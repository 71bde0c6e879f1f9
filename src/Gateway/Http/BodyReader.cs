using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Lockstep.Gateway.Http;

/// <summary>Reads a request's body whole, never more than allowed, and holds no more memory than what has come needs.</summary>
public static class BodyReader
{
    /// <summary>Bytes that are held before the first has come.</summary>
    public const int FirstStep = 4096;

    // Something has to arrive in each of these. A phone in a tunnel is silent for longer than it takes to send a lost packet again.
    internal static readonly TimeSpan Pace = TimeSpan.FromSeconds(30);

    // Kestrel reports that a connection has gone only after the read that found out.
    internal static readonly TimeSpan Notice = TimeSpan.FromSeconds(10);

    /// <param name="request">The request.</param>
    /// <param name="into">Empty, with the capacity that <paramref name="room"/> holds already.</param>
    /// <param name="room">Where more is asked for as more comes.</param>
    /// <param name="maxBytes">Bytes that it may have.</param>
    /// <param name="minBytesPerSecond">Slower is too slow, over half a minute and whatever came before; 0 for no limit.</param>
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
            // The connection was reset. Without waiting for the server to know, it would try to read on, and log that it cannot.
            await Task.Delay(Notice, time, request.HttpContext.RequestAborted);
            return StatusCodes.Status400BadRequest;
        }
    }

    /// <summary>In steps that double, so that what is held is never more than twice what has come.</summary>
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
