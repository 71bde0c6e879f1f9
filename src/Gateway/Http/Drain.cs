namespace Lockstep.Gateway.Http;

/// <summary>
/// The time between the request to stop and the closing of connections. Every answer then asks its client to close, so that no
/// request is in flight when the server closes the connection, and load balancers notice.
/// </summary>
public sealed class Drain(HttpOptions options, TimeProvider time) : IDisposable
{
    private readonly TaskCompletionSource passed = new();
    private readonly CancellationTokenSource over = new();
    private volatile bool isDraining;

    public bool IsDraining => isDraining;

    /// <summary>Cancelled at the end of that time: anything that would not end by itself ends now.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>Ends it early, because no client is left.</summary>
    public void End() => passed.TrySetResult();

    /// <summary>Blocks for the configured time.</summary>
    public void Run()
    {
        isDraining = true;
        using var timer = time.CreateTimer(_ => End(), state: null, options.DrainTime, Timeout.InfiniteTimeSpan);
        passed.Task.Wait();
        try
        {
            over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Stopped during its start: all services are gone by now, and so are the clients.
        }
    }

    public void Dispose() => over.Dispose();
}
