namespace Lockstep.Silo.Hosting;

/// <summary>
/// Carries the store's faults to the log, which is made after the store. It logs one a second at most, because a storage that is away fails each time it is asked.
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

    [LoggerMessage(21, LogLevel.Error, "The storage failed an operation ({Unlogged} more failures since the last such line). Clients whose requests failed were told. Check that the database, or the S3 bucket of files, is running, has free space, and grants this user its rights.")]
    private static partial void LogFault(ILogger logger, Exception fault, int unlogged);
}
