namespace Lockstep.Silo.Hosting;

/// <summary>
/// Carries the store's faults to the log, which is made after the store; one a second at most, since a storage that is away
/// fails as often as it is asked.
/// </summary>
internal sealed partial class StorageFaults(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private volatile ILogger? logger;
    private long lastLogged;
    private int unlogged;

    public ILogger? Logger
    {
        get => logger;
        set => logger = value;
    }

    public void Report(Exception fault)
    {
        int before;
        lock (gate)
        {
            if (logger is null || (lastLogged != 0 && time.GetElapsedTime(lastLogged) < Pause))
            {
                unlogged++;
                return;
            }

            lastLogged = time.GetTimestamp();
            (before, unlogged) = (unlogged, 0);
        }

        LogFault(logger, fault, before);
    }

    [LoggerMessage(21, LogLevel.Error, "The storage did not do something ({Unlogged} more faults since the last line like this). Clients whose requests it concerned were told so; look at its room, its rights and whether it runs.")]
    private static partial void LogFault(ILogger logger, Exception fault, int unlogged);
}
