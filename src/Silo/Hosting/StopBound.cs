namespace Lockstep.Silo.Hosting;

/// <summary>
/// Ends a process that was told to stop and cannot. A silo writes to its database that it leaves, and waits for a database that is away longer than the host allows. All
/// acknowledged writes are stored by then. The bound also covers a stop during the start, and the disposal at the end.
/// </summary>
internal sealed partial class StopBound : IDisposable
{
    // Beyond the time in which requests end, for what has no bound of its own.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly ITimer timer;
    private ILogger? logger;

    public StopBound() => timer = TimeProvider.System.CreateTimer(_ => End(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Begins to count when the server is told to stop.</summary>
    /// <param name="app">A server that is about to start.</param>
    /// <param name="options">Its settings.</param>
    public void Watch(WebApplication app, LockstepOptions options)
    {
        logger = app.Logger;
        var lifetime = app.Lifetime;
        lifetime.ApplicationStopping.Register(() =>
        {
            // Before it has joined, no owner is asked, so nothing is under way.
            var requests = lifetime.ApplicationStarted.IsCancellationRequested ? options.ShutdownTimeout : TimeSpan.Zero;
            timer.Change(options.Http.DrainTime + requests + Grace, Timeout.InfiniteTimeSpan);
        });
    }

    public void Dispose() => timer.Dispose();

    private void End()
    {
        try
        {
            LogEnded(logger!);
        }
        finally
        {
            Environment.Exit(0);
        }
    }

    [LoggerMessage(43, LogLevel.Warning, "The server did not stop within ShutdownTimeout and ends now. Every acknowledged write is stored; requests under way were cut off. If this happens often, raise ShutdownTimeout.")]
    private static partial void LogEnded(ILogger logger);
}
