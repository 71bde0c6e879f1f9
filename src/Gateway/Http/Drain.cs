namespace Lockstep.Gateway.Http;

/// <summary>
/// The time between being told to stop and closing connections: every answer then asks its client to close, so that no
/// request is on its way on a connection when the server closes it, and load balancers see that it goes.
/// </summary>
public sealed class Drain(HttpOptions options, TimeProvider time) : IDisposable
{
    private readonly TaskCompletionSource passed = new();
    private readonly CancellationTokenSource over = new();
    private volatile bool isDraining;

    public bool IsDraining => isDraining;

    /// <summary>Cancelled at the end of that time: what would not end by itself ends now.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>Ends it early: nobody is left who would have to hear of it.</summary>
    public void End() => passed.TrySetResult();

    /// <summary>Blocks for as long as the setting says; the host closes connections after that.</summary>
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
            // Told to stop while it started: all services have gone meanwhile, and with them who would have been told.
        }
    }

    public void Dispose() => over.Dispose();
}
