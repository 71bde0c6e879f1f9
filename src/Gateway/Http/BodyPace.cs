using System.IO.Pipelines;

namespace Lockstep.Gateway.Http;

/// <summary>
/// Reads a body and requires steady progress. The HTTP server measures the average from the beginning, so a client that has sent much at once
/// could be silent for hours afterwards. This looks at each stretch of time separately.
/// </summary>
internal sealed class BodyPace(PipeReader body, double minBytesPerSecond, TimeSpan stretch, TimeProvider time)
{
    private readonly double leastBytes = minBytesPerSecond * stretch.TotalSeconds;
    private long began = time.GetTimestamp();
    private long came;

    /// <returns>A cancelled result if it is too slow.</returns>
    public async ValueTask<ReadResult> ReadAsync()
    {
        // Not cancelled by a token: a read ends with its connection, and a cancelled read would be in the way of the server's next one.
        var read = body.ReadAsync(CancellationToken.None);
        var result = read.IsCompleted || leastBytes <= 0 ? await read : await WithinAsync(read.AsTask());
        came += result.Buffer.Length;
        return result;
    }

    private async Task<ReadResult> WithinAsync(Task<ReadResult> read)
    {
        while (true)
        {
            var left = stretch - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                if (came < leastBytes && !read.IsCompleted)
                {
                    body.CancelPendingRead();
                    return await read;
                }

                (began, came) = (time.GetTimestamp(), 0);
                continue;
            }

            try
            {
                return await read.WaitAsync(left, time);
            }
            catch (TimeoutException)
            {
                // It may have arrived at this very moment. If not: see above.
                if (read.IsCompleted)
                {
                    return await read;
                }
            }
        }
    }
}
