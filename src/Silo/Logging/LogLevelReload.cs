namespace Lockstep.Silo.Logging;

/// <summary>Applies changed log levels within <see cref="Interval"/>, and logs that.</summary>
internal sealed partial class LogLevelReload(LogLevelFile file, TimeProvider time, ILogger<LogLevelReload> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                switch (file.Look())
                {
                    case null:
                        break;
                    case "":
                        LogChanged();
                        break;
                    case var problem:
                        LogProblem(problem);
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(92, LogLevel.Warning, "The log levels were changed, as appsettings.json says now.")]
    private partial void LogChanged();

    [LoggerMessage(93, LogLevel.Warning, "appsettings.json was changed, and its log levels cannot be read: {Problem} Those of before go on.")]
    private partial void LogProblem(string problem);
}
