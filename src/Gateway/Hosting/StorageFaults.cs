namespace Lockstep.Gateway.Hosting;

/// <summary>Carries the store's faults to the log, which is made after the store.</summary>
internal sealed partial class StorageFaults
{
    private volatile ILogger? logger;

    public ILogger? Logger
    {
        get => logger;
        set => logger = value;
    }

    public void Report(Exception fault)
    {
        if (logger is { } log)
        {
            LogFault(log, fault);
        }
    }

    [LoggerMessage(21, LogLevel.Error, "The storage refused a write. Clients were told so; look at the disk's room and rights.")]
    private static partial void LogFault(ILogger logger, Exception fault);
}
