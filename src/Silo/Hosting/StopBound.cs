namespace Lockstep.Silo.Hosting;

/// <summary>
/// Ends a process that was told to stop and cannot: a silo waits for a database that is away to hear that it leaves, and for
/// longer than the host gives it. All that was acknowledged is stored by then.
/// </summary>
internal static partial class StopBound
{
    // Beyond the time in which requests end, for what has no bound of its own.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Begins to count when the server is told to stop.</summary>
    /// <param name="app">A server that has started.</param>
    /// <param name="options">Its settings.</param>
    /// <returns>Dispose of it once the server has stopped.</returns>
    public static IDisposable Of(WebApplication app, LockstepOptions options)
    {
        var timer = TimeProvider.System.CreateTimer(_ => End(app.Logger), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        app.Lifetime.ApplicationStopping.Register(
            () => timer.Change(options.Http.DrainTime + options.ShutdownTimeout + Grace, Timeout.InfiniteTimeSpan));
        return timer;
    }

    private static void End(ILogger logger)
    {
        LogEnded(logger);
        Environment.Exit(0);
    }

    [LoggerMessage(43, LogLevel.Warning, "The server did not stop within ShutdownTimeout and ends now. Every acknowledged write is stored; requests under way were cut off. If this happens often, raise ShutdownTimeout.")]
    private static partial void LogEnded(ILogger logger);
}
